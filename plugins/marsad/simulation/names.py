"""Name parts of made-up people, each with the spellings that offices write in Latin and in Arabic script.

A name is a given name and one or two family parts drawn independently, so nobody real is meant. The variants are this
module's own: linkage is measured against them and must not know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

Script = Literal["latin", "arabic"]


@dataclass(frozen=True, slots=True)
class Part:
    """One name part: spellings in Latin and in Arabic script, the commonest first."""

    latin: tuple[str, ...]
    arabic: tuple[str, ...]

    def spell(self, script: Script, rng: Random) -> str:
        """One spelling; the commonest in about two cases of three."""
        forms = self.latin if script == "latin" else self.arabic
        return forms[0] if rng.random() < 0.65 else rng.choice(forms)


@dataclass(frozen=True, slots=True)
class Stock:
    """The name parts of one origin: given names by sex (``F``, ``M``) and family parts."""

    given: dict[str, tuple[Part, ...]]
    family: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """A made-up person's name as parts; each office spells it anew."""

    given: Part
    family: tuple[Part, ...]

    def given_name(self, script: Script, rng: Random) -> str:
        """The given name in one of its spellings."""
        return self.given.spell(script, rng)

    def family_name(self, script: Script, rng: Random) -> str:
        """The family parts in one of their spellings, joined by a space."""
        return " ".join(part.spell(script, rng) for part in self.family)


def _parts(table: str) -> tuple[Part, ...]:
    """Read ``Latin,variant=عربي,variant`` lines."""
    pairs = (line.strip().partition("=") for line in table.strip().splitlines())
    return tuple(Part(tuple(latin.split(",")), tuple(arabic.split(","))) for latin, _, arabic in pairs)


_ARAB_WOMEN = """
    Fatima,Fatma,Fadma=فاطمة,فاطمه
    Khadija,Khadidja,Kadija=خديجة,خديجه
    Aicha,Aïcha,Aisha=عائشة,عايشة
    Zineb,Zaineb,Zaynab=زينب
    Naima,Naïma,Neima=نعيمة,نعيمه
    Hanane,Hanan=حنان
    Samira,Samirah=سميرة,سميره
    Latifa,Lateefa=لطيفة,لطيفه
    Meryem,Mariam,Maryam,Myriam=مريم
    Salma,Selma=سلمى,سلمي
    Houda,Huda=هدى,هدي
    Imane,Iman=إيمان,ايمان
    Ghizlane,Ghizlan=غزلان
    Nadia,Nadya=نادية,ناديا
    Soukaina,Sukaina,Soukayna=سكينة,سكينه
"""
_ARAB_MEN = """
    Mohammed,Mohamed,Muhammad,Mouhamed=محمد
    Ahmed,Ahmad=أحمد,احمد
    Youssef,Yousef,Yusuf=يوسف
    Hassan,Hasan=حسن
    Abdellah,Abdallah,Abdullah=عبد الله,عبدالله
    Rachid,Rashid=رشيد
    Mustapha,Moustafa,Mostafa=مصطفى,مصطفي
    Brahim,Ibrahim=إبراهيم,ابراهيم
    Said,Saïd,Saeed=سعيد
    Karim,Kareem=كريم
    Hamza,Hamzah=حمزة,حمزه
    Driss,Idriss=إدريس,ادريس
    Khalid,Khaled=خالد
    Noureddine,Nour Eddine,Nordine=نور الدين,نورالدين
    Abderrahim,Abdelrahim=عبد الرحيم,عبدالرحيم
"""
_WEST_WOMEN = """
    Aminata,Aminatou=أميناتا,اميناتا
    Fatoumata,Fatou,Fatumata=فاتوماتا,فطوماتا
    Mariam,Mariama=مريم,مرياما
    Awa,Hawa=أوا,حواء
    Adjoua,Adjoa=أدجوا
    Affoué,Affoue=أفوي
    Bintou,Binta=بنتو,بينتو
    Salimata,Salamata=ساليماتا
    Grace,Gràce=غريس
    Ramatou,Ramata=راماتو
"""
_WEST_MEN = """
    Moussa,Musa=موسى,موسي
    Ibrahima,Ibrahim=إبراهيما,ابراهيم
    Ousmane,Usman=عثمان
    Seydou,Seidou=سيدو
    Kouassi,Kwassi=كواسي
    Koffi,Kofi=كوفي
    Mamadou,Mamadu=مامادو
    Issa,Issah=عيسى,عيسي
    Souleymane,Suleiman=سليمان
    Boubacar,Abubakar=بوبكر,أبو بكر
"""

ORIGINS: dict[str, Stock] = {
    "MAR": Stock(
        {"F": _parts(_ARAB_WOMEN), "M": _parts(_ARAB_MEN)},
        _parts("""
            El Amrani,Elamrani,Amrani=العمراني,عمراني
            El Idrissi,Idrissi,Elidrissi=الإدريسي,الادريسي
            Bennani,Benani=بناني
            El Fassi,Elfassi,Fassi=الفاسي
            Ait Lahcen,Aït Lahcen,Aitlahcen=آيت لحسن,ايت لحسن
            Benjelloun,Ben Jelloun=بنجلون,بن جلون
            Bouazza,Bou Azza=بوعزة,بوعزه
            El Mansouri,Mansouri,Elmansouri=المنصوري
            Ouhaddou,Ouhadou=أوحدو,اوحدو
            Tazi,Ettazi=التازي,تازي
            Lahlou,Lahlo=لحلو
            Berrada,Barrada=برادة,براده
            Chraibi,Chraïbi=الشرايبي,شرايبي
            Zerouali,Zarouali=الزروالي
            Ait Oufkir,Aitoufkir=آيت أوفقير,ايت اوفقير
            El Haddad,Haddad,Elhaddad=الحداد
            Naciri,Ennaciri=الناصري
            Belkacem,Bel Kacem=بلقاسم
            Ouazzani,El Ouazzani=الوزاني
            Sebti,Essebti=السبتي
            Touzani,Touzany=التوزاني
            Rguibi,Erguibi=الركيبي
            El Yaakoubi,Yaakoubi,Elyacoubi=اليعقوبي
            Khattabi,El Khattabi=الخطابي
        """),
    ),
    "CIV": Stock(
        {"F": _parts(_WEST_WOMEN), "M": _parts(_WEST_MEN)},
        _parts("""
            Kouamé,Kouame=كوامي
            Konan,Konann=كونان
            N'Guessan,Nguessan,N Guessan=نغيسان
            Coulibaly,Koulibaly=كوليبالي
            Ouattara,Watara=واتارا
            Yao,Yaho=ياو
            Bamba,Bambah=بامبا
            Traoré,Traore=تراوري
            Kouadio,Kwadio=كواديو
            Touré,Toure=توري
            Diabaté,Diabate=دياباتي
            Koné,Kone=كوني
        """),
    ),
    "NER": Stock(
        {"F": _parts(_WEST_WOMEN), "M": _parts(_WEST_MEN)},
        _parts("""
            Abdou,Abdu=عبدو
            Mahamadou,Mahamadu=محمدو
            Issoufou,Issufu=إيسوفو,ايسوفو
            Hamidou,Hamidu=حميدو
            Garba,Garbah=غربا
            Oumarou,Umaru=عمرو,أومارو
            Maïga,Maiga=ميغا
            Harouna,Haruna=هارونا
            Amadou,Amadu=أمادو,امادو
            Djibo,Jibo=جيبو
        """),
    ),
    "NGA": Stock(
        {
            "F": _parts("""
                Blessing,Blesing=بليسينغ
                Joy,Joie=جوي
                Precious,Precius=بريشس
                Ngozi,N'gozi=نغوزي
                Esther,Ester=إستير,استير
                Aisha,Aishat=عائشة,عايشة
                Hauwa,Hawa=حواء
                Chioma,Chyoma=شيوما
                Favour,Favor=فايفور
                Osas,Ossas=أوساس
            """),
            "M": _parts("""
                Emeka,Emeca=إيميكا,ايميكا
                Chukwudi,Chukudi=تشوكودي
                Sunday,Sundae=صنداي
                Musa,Moussa=موسى,موسي
                Tunde,Toundé=توندي
                Osaze,Ossaze=أوسازي
                Ibrahim,Ebrahim=إبراهيم,ابراهيم
                Uche,Ouche=أوتشي
            """),
        },
        _parts("""
            Osagie,Osagye=أوساجي
            Igbinosa,Igbinoza=إغبينوسا
            Okafor,Okaffor=أوكافور
            Adeyemi,Adeyémi=أدييمي
            Eze,Ezeh=إيزي
            Balogun,Balogoun=بالوغون
            Okonkwo,Okonko=أوكونكو
            Aigbe,Aïgbe=إيغبي
            Bello,Belo=بيلو
            Omoregie,Omoregbe=أوموريجي
        """),
    ),
    "SYR": Stock(
        {"F": _parts(_ARAB_WOMEN), "M": _parts(_ARAB_MEN)},
        _parts("""
            Al Halabi,Alhalabi,El Halabi=الحلبي
            Al Homsi,Alhomsi=الحمصي
            Darwish,Darwich=درويش
            Al Khatib,Alkhatib,El Khatib=الخطيب
            Kassem,Qasem,Kasem=قاسم
            Al Masri,Almasri=المصري
            Hamwi,Al Hamwi=الحموي
            Najjar,Al Najjar,Annajar=النجار
            Sabbagh,Al Sabbagh=الصباغ
            Shami,Al Shami,Chami=الشامي
        """),
    ),
    "SEN": Stock(
        {"F": _parts(_WEST_WOMEN), "M": _parts(_WEST_MEN)},
        _parts("""
            Diop,Diopp=ديوب
            Ndiaye,N'Diaye=انداي,ندياي
            Fall,Fal=فال
            Sow,Sô=سو
            Gueye,Guèye=غي,غاي
            Diallo,Jallow=ديالو,جالو
            Mbaye,M'Baye=امباي
            Sarr,Sar=سار
            Faye,Faï=فاي
            Cissé,Cisse=سيسي
        """),
    ),
    "PHL": Stock(
        {
            "F": _parts("""
                Maricel,Marisel=ماريسيل
                Rosalie,Rosaly=روزالي
                Jocelyn,Joselyn=جوسلين
                Lorna,Lourna=لورنا
                Analyn,Annalyn=أنالين
                Cristina,Christina=كريستينا
            """),
            "M": _parts("""
                Rodel,Rodell=روديل
                Jomar,Jhomar=جومار
                Arnel,Arnell=أرنيل
                Danilo,Dannilo=دانيلو
            """),
        },
        _parts("""
            Dela Cruz,De la Cruz,Delacruz=ديلا كروز
            Santos,Santoss=سانتوس
            Reyes,Reyez=رييس
            Bautista,Baustista=باوتيستا
            Villanueva,Vilanueva=فيلانويفا
            Ramos,Ramoz=راموس
        """),
    ),
}


def draw_name(origin: str, sex: str, rng: Random) -> Name:
    """A name of parts common in ``origin`` (ISO 3166 alpha-3, a key of ``ORIGINS``); ``sex`` is ``F`` or ``M``."""
    stock = ORIGINS[origin]
    count = 2 if rng.random() < 0.12 else 1
    return Name(rng.choice(stock.given[sex]), tuple(rng.sample(stock.family, count)))
