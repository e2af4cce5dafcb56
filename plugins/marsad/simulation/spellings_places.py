"""How offices spell countries, regions, provinces, border posts, calls and activities. Format as in ``spellings``."""

PLACES = """
[country]
MAR = Maroc | Marocaine | MA = المغرب | مغربية
CIV = Côte d'Ivoire | Ivoirienne | CI = ساحل العاج | إيفوارية
NGA = Nigeria | Nigériane | NG = نيجيريا | نيجيرية
SEN = Sénégal | Sénégalaise | SN = السنغال | سنغالية
NER = Niger | Nigérienne = النيجر | نيجرية
SYR = Syrie | Syrienne | SY = سوريا | سورية
PHL = Philippines | Philippine | PH = الفلبين | فلبينية
ESP = Espagne | ES = إسبانيا
ITA = Italie | IT = إيطاليا
[region]
MA-01 = Tanger-Tétouan-Al Hoceïma = طنجة تطوان الحسيمة | جهة طنجة تطوان الحسيمة
MA-02 = Oriental | L'Oriental = جهة الشرق | الشرق
MA-03 = Fès-Meknès = فاس مكناس | جهة فاس مكناس
MA-04 = Rabat-Salé-Kénitra = الرباط سلا القنيطرة | جهة الرباط سلا القنيطرة
MA-06 = Casablanca-Settat = الدار البيضاء سطات | جهة الدار البيضاء سطات
MA-07 = Marrakech-Safi = مراكش آسفي | جهة مراكش آسفي
MA-09 = Souss-Massa = سوس ماسة | جهة سوس ماسة
MA-11 = Laâyoune-Sakia El Hamra = العيون الساقية الحمراء | جهة العيون الساقية الحمراء
[province]
MA-RAB = Rabat = الرباط
MA-TNG = Tanger-Assilah | Tanger = طنجة | طنجة أصيلة
MA-CAS = Casablanca | Casa = الدار البيضاء | البيضاء
MA-MAR = Marrakech | Marrakesh = مراكش
MA-FES = Fès | Fez = فاس
MA-OUJ = Oujda | Oujda-Angad = وجدة
MA-NAD = Nador = الناظور
MA-AGD = Agadir = أكادير
MA-LAA = Laâyoune = العيون
MA-TET = Tétouan | Tetuan = تطوان
[border_post]
BAB_SEBTA = Bab Sebta | Tarajal = باب سبتة
BENI_ENSAR = Beni Ensar | Bab Melilla = بني أنصار | باب مليلية
TANGER_MED = Tanger Med | Port de Tanger Med = طنجة المتوسط | ميناء طنجة المتوسط
CMN = Aéroport Mohammed V | CMN = مطار محمد الخامس
GUERGUERAT = Guerguerat = الكركرات
[travel_direction]
entry = Entrée | Arrivée = دخول | وصول
exit = Sortie | Départ = خروج | مغادرة
transit = Transit = عبور
[transport]
plane = Avion | Vol = طائرة
ship = Bateau | Ferry = باخرة
car = Voiture | Véhicule = سيارة
bus = Autocar | Bus = حافلة
[document_state]
valid = Valide | En règle = صالح | صالحة
expired = Expiré | Périmé = منتهي الصلاحية
forged = Falsifié | Faux = مزور | مزورة
held_by_other = Détenu par l'accompagnateur = لدى المرافق
[minor_accompaniment]
parents = Avec ses parents | Parents = مع الوالدين
one_parent = Avec un seul parent | Mère = مع الأم | مع أحد الوالدين
unrelated = Adulte sans lien | Tiers = شخص غريب
alone = Non accompagné | Seul = بمفرده | غير مرفوق
not_minor = Sans objet = لا ينطبق
[contact_kind]
border = Contrôle | Frontière = الحدود
call = Appel | Appel téléphonique = مكالمة | مكالمة هاتفية
report = Signalement | Dénonciation = تبليغ | إشعار
complaint = Plainte = شكاية | شكوى
information = Renseignement | Demande d'information = استفسار | طلب معلومات
[contact_channel]
border_check = Contrôle au poste | Contrôle = مراقبة
phone = Téléphone | Ligne verte = هاتف | الهاتف
web = Formulaire en ligne | Site web = منصة | استمارة إلكترونية
social_network = WhatsApp | Facebook = واتساب | فيسبوك
agency = Institution | Transmis par une institution = مؤسسة
[reporter]
victim = La victime | Elle-même = الضحية | ضحية
relative = Famille | Proche = العائلة | قريب
witness = Témoin | Voisin = شاهد | الغير أو شاهد
institution = Institution | Institution publique = مؤسسة | إدارة
anonymous = Anonyme = مجهول
[contact_outcome]
referred = Orientation | Orienté = إحالة
police_report = PV | Procès-verbal établi = محضر
handed_over = Remis à la DGSN = سلم للشرطة
no_action = Sans suite | Classé = بدون متابعة | حفظ
[activity_kind]
training = Formation | Session de formation = تكوين | دورة تكوينية
campaign = Campagne | Sensibilisation = حملة | تحسيس
recommendation = Recommandation = توصية
tool = Guide | Outil = دليل
infrastructure = Centre | Équipement = تجهيز | تجهيز أو مركز
coordination = Réunion | Comité = اجتماع
[activity_status]
planned = Prévue | Prévu = مبرمجة | مبرمج
running = En cours | Démarrée = جارية | قيد الإنجاز
done = Réalisée | Achevée = منجزة | منجز
partly_done = Partiellement réalisée | Partiel = منجزة جزئيا | جزئي
delayed = En retard | Retard = متأخرة
"""
