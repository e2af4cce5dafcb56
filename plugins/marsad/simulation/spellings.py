"""How offices spell codes, in French and in Arabic: the simulation's own tables.

They were written down beside the project's code lists, not from them, and hold only spellings that offices use; a test
proves that the code lists know each of them. One line a code: ``code = French | French = Arabic | Arabic``.
"""

from __future__ import annotations

from collections.abc import Mapping

from marsad.simulation.spellings_justice import JUSTICE
from marsad.simulation.spellings_places import PLACES

Spellings = Mapping[str, tuple[str, ...]]

_PEOPLE = """
[sex]
F = Femme | Féminin | F = أنثى | امرأة
M = Homme | Masculin | M = ذكر | رجل
[yes_no]
yes = Oui | O = نعم
no = Non | N = لا
[consent]
given = Oui | Consentement écrit | Accord = نعم | موافقة كتابية
refused = Non | Refus = لا | رفض
given_by_guardian = Tuteur légal | Consentement du tuteur = موافقة الولي | الوصي
[document_type]
national_id = CIN | CNIE | Carte nationale = البطاقة الوطنية | بطاقة التعريف
passport = Passeport | PPT = جواز السفر | جواز
residence_card = Titre de séjour | Carte de séjour = بطاقة الإقامة | رخصة الإقامة
none = Sans papiers | Aucun document = بدون وثائق | بدون
[marital_status]
single = Célibataire = عازب | عازبة
married = Marié | Mariée = متزوج | متزوجة
divorced = Divorcé | Divorcée = مطلق | مطلقة
widowed = Veuf | Veuve = أرمل | أرملة
[migration_status]
national = Marocain | National = مغربي | مواطن
resident = Résident | En règle = مقيم | إقامة قانونية
irregular = Irrégulier | Situation irrégulière = غير نظامي | وضعية غير قانونية
visitor = Touriste = سائح | زائر
[education]
none = Néant | Sans instruction = بدون تعليم | أمي
1 = Primaire = ابتدائي
2 = Collège = إعدادي
3 = Lycée = ثانوي
6 = Licence | Universitaire = جامعي
[language]
ara = Arabe | Darija = العربية
fra = Français = الفرنسية
[trafficker_relation]
familial = Famille = العائلة
acquainted = Connaissance = معرفة
unacquainted = Aucun lien | Sans lien = لا علاقة
employer = Employeur | Patron = المشغل
intimate_partner = Petit ami | Fiancé = خطيب
friend = Ami | Amie = صديق | صديقة
neighbour = Voisin = جار
"""

_TRAFFICKING = """
[exploitation_form]
sexual = Exploitation sexuelle | Sexuelle = استغلال جنسي | الاستغلال الجنسي
forced_labour = Travail forcé | Exploitation par le travail = العمل القسري | السخرة
begging = Mendicité | Mendicité forcée = التسول | الاستغلال في التسول
servitude = Servitude | Asservissement = الاستعباد | استعباد
forced_criminality = Criminalité forcée | Actes criminels = أعمال إجرامية | الإجرام القسري
[means]
threat_or_force = Menace | Recours à la force | Violence = التهديد | استعمال القوة
coercion = Contrainte = الإكراه | القسر
fraud = Fraude | Escroquerie = الاحتيال | النصب
deception = Tromperie | Fausses promesses = الخداع | وعود كاذبة
abuse_of_power = Abus de pouvoir | Abus d'autorité = استغلال السلطة | استغلال النفوذ
vulnerability = Vulnérabilité | Précarité | Abus de vulnérabilité = استغلال الهشاشة | حالة ضعف
payment = Paiement | Don d'argent = مبالغ مالية | دفع مبالغ
[means_of_control]
debt_bondage = Dette | Servitude pour dettes = الدين | عبودية الدين
takes_earnings = Salaire retenu = حجز الأجر
threats = Menaces = تهديدات
restricts_movement = Séquestration | Enfermement = احتجاز
withholds_documents = Passeport confisqué = حجز جواز السفر
psychological_abuse = Violence psychologique = العنف النفسي
[act]
recruitment = Recrutement = الاستقطاب | تجنيد
transportation = Transport = النقل | نقل
transfer = Transfert = التنقيل | تحويل
harbouring = Hébergement = الإيواء | إيواء
receipt = Accueil | Réception = الاستقبال | استقبال
[recruitment_channel]
social_networks = Réseaux sociaux | Facebook | WhatsApp = شبكات التواصل الاجتماعي | فيسبوك
friends = Amis | Connaissance = صديق | معارف
family = Famille | Parents = العائلة | الأسرة
workplace = Lieu de travail | Travail = مكان العمل | العمل
online_ad = Annonce en ligne | Internet = إعلان إلكتروني | الإنترنت
agency = Agence | Samsar = سمسار | وكالة
street = Rue | Voie publique = الشارع | الشارع العام
[indicator]
documents_withheld = Documents confisqués | Passeport confisqué = وثائق محجوزة | حجز جواز السفر
movement_restricted = Séquestration | Enfermement = تقييد الحركة | احتجاز
threats = Menaces = تهديدات
debt = Dette = دين
wages_withheld = Salaire non versé = حجز الأجر
excessive_hours = Horaires excessifs = ساعات طويلة
fear = Peur = خوف
coached_story = Récit appris = رواية ملقنة
isolation = Isolement = عزلة
violence = Traces de violence | Blessures = جروح | عنف
unaware_destination = Ignore la destination = يجهل الوجهة
[victim_status]
potential = Victime potentielle | Potentielle = ضحية محتملة | محتملة
presumed = Victime présumée | Présumée = ضحية مفترضة | مفترضة
identified = Victime identifiée | Identifiée = متعرف عليها | تم التعرف عليها
confirmed = Confirmée | Victime confirmée = ضحية مؤكدة | مؤكدة
not_confirmed = Non confirmée = غير مؤكدة
[deciding_body]
police = Police judiciaire | Gendarmerie = الشرطة القضائية | الدرك الملكي
court = Tribunal | Juridiction = المحكمة
ngo = ONG | Association = جمعية
government = Administration = إدارة عمومية
prosecution = Parquet | Procureur du Roi = النيابة العامة | وكيل الملك
[detection_source]
police_action = Patrouille | Enquête = دورية | بحث
complaint = Plainte = شكاية
relative = Proche | Famille = قريب
ngo = ONG | Association = جمعية
hotline = Numéro vert = الرقم الأخضر
border = Contrôle frontalier = مراقبة حدودية
[referral_destination]
police = Police judiciaire | DGSN = الشرطة القضائية | الأمن الوطني
prosecution = Parquet | Procureur du Roi = النيابة العامة | وكيل الملك
court_cell = Cellule tribunal = خلية المحكمة
hospital_cell = Hôpital | CHU = المستشفى | مستشفى
social_services = Entraide nationale = التعاون الوطني
child_protection = CPE | Juge des mineurs = مركز حماية الطفولة | قاضي الأحداث
shelter = Foyer | Hébergement = دار الإيواء | إيواء
ngo = ONG | Association = جمعية
iom = OIM = المنظمة الدولية للهجرة
border = Douane | ADII = الجمارك
self = Spontanée = من تلقاء نفسها
[offence]
tip = Traite des êtres humains | TEH = الاتجار بالبشر | اتجار بالبشر
smuggling = Trafic de migrants | Immigration clandestine = الهجرة السرية | تهريب المهاجرين
procuring = Proxénétisme = القوادة
[case_status]
active = En cours | Ouvert = مفتوح | جارية
closed_referred = Transmis au parquet | Déféré = محال
closed = Clôturé | Classé = محفوظ
"""


def _read(table: str) -> dict[str, dict[str, Spellings]]:
    schemes: dict[str, dict[str, Spellings]] = {}
    scheme = ""
    for line in filter(None, map(str.strip, table.splitlines())):
        if line.startswith("["):
            scheme = line.strip("[]")
            continue
        code, french, arabic = (part.strip() for part in line.split(" = "))
        schemes.setdefault(scheme, {})[code] = {"fr": _split(french), "ar": _split(arabic)}
    return schemes


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | "))


SPELLINGS: Mapping[str, Mapping[str, Spellings]] = _read(_PEOPLE + _TRAFFICKING + JUSTICE + PLACES)
"""Scheme -> code -> language (``fr``, ``ar``) -> spellings."""
