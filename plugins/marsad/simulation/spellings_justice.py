"""How offices spell courts, charges, decisions, services and stays. Format as in ``spellings``."""

_ARTICLES = ("448-1", "448-2", "448-3", "448-4", "448-7", "448-10")

_CHARGES = "[charge_article]\n" + "\n".join(
    f"{code} = {code} | art. {code} | {code} CP = {code} | الفصل {code}" for code in _ARTICLES
)

JUSTICE = (
    _CHARGES
    + """
[court]
CA_RABAT = CA Rabat | Cour d'appel de Rabat = استئنافية الرباط | محكمة الاستئناف بالرباط
CA_TANGER = CA Tanger | Cour d'appel de Tanger = استئنافية طنجة | محكمة الاستئناف بطنجة
CA_MARRAKECH = CA Marrakech | Cour d'appel de Marrakech = استئنافية مراكش | محكمة الاستئناف بمراكش
CA_CASABLANCA = CA Casablanca | Cour d'appel de Casablanca = استئنافية الدار البيضاء
[instance]
first = Première instance | 1er degré = ابتدائي | الدرجة الأولى
appeal = Appel | Second degré = استئنافي | الدرجة الثانية
[proceeding_stage]
indicted = Poursuivi | Poursuite engagée = متابع | متابعة
trial = Jugement en cours | Audience = جلسة | قيد المحاكمة
judged = Jugé | Décision rendue = صدر الحكم | محكوم
appeal = En appel | Appel = مستأنف | الاستئناف
[decision]
convicted = Condamné | Condamnation | Coupable = إدانة | مدان
acquitted = Acquittement | Relaxe | Acquitté = براءة | البراءة
requalified = Requalification | Requalifié = إعادة التكييف
upheld = Confirmation | Confirmé = تأييد | تأييد الحكم
pending = En délibéré | En cours = قيد المداولة
[custody]
free = En liberté | Libre = في حالة سراح | سراح
police_custody = GAV | Garde à vue = الحراسة النظرية | حراسة نظرية
detained = Détenu | Mandat de dépôt | Détention préventive = معتقل | اعتقال احتياطي
[person_type]
natural = Personne physique | Physique = شخص ذاتي | ذاتي
legal = Personne morale | Société = شخص اعتباري | شركة
[process_role]
recruiter = Recruteur | Recruteuse = مستقطب | مجند
transporter = Transporteur | Chauffeur = ناقل | سائق
exploiter = Exploiteur | Proxénète = مستغل | قواد
harbourer = Logeur | Hébergeur = مؤو | حارس
organiser = Organisateur | Chef de réseau = منظم | زعيم
[appellant]
none = Aucun | Néant = لا أحد
defendant = Prévenu | Accusé = المتهم
prosecution = Parquet | Ministère public = النيابة العامة
[service_type]
shelter = Hébergement | Foyer = إيواء | الإيواء
medical = Soins | Médical = علاج | طبي
psychosocial = Psychosocial | Soutien psychologique = دعم نفسي | الاستماع
legal = Aide juridique | Juridique = مساعدة قانونية | محام
material = Aide alimentaire | Vêtements = غذاء | ملابس
financial = Aide financière = مساعدة مالية
education = Scolarisation | Alphabétisation = تمدرس | محو الأمية
vocational = Formation | Formation professionnelle = تكوين | تكوين مهني
return = Retour volontaire | ARV = عودة طوعية
[service_status]
running = En cours | Actif = جارية | مستمر
done = Terminé | Réalisé = منجز | تم
planned = Prévu = مبرمج
[exit_reason]
autonomy = Autonomie = استقلالية | الاستقلالية
family = Retour en famille | Réunification familiale = العودة إلى الأسرة | لم الشمل
return = Retour au pays | Rapatriement = العودة إلى البلد | عودة طوعية
transfer = Transfert | Réorientation = تحويل
own_will = Départ volontaire = مغادرة طوعية
absconded = Fugue = هروب
"""
)
