import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.contracts.small_feed import CODELISTS, MODEL, codelist, entity, write

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.contracts.check import check_folder
from marsad.contracts.draft import draft_contract
from marsad.contracts.load import load_contract
from marsad.contracts.model import RESERVED, Contract
from marsad.contracts.naming import column_name, is_reference, names_a_person, tells_a_story
from marsad.errors import UsageFault
from marsad.settings import Settings

ROWS = [
    {
        "N° du dossier": f"A-{number:04}",
        "Nom et prénom": f"Zoubida Canari{number}",
        "Date de naissance": f"{number % 27 + 1:02}/03/1999",
        "Sexe": ["Femme", "homme", "امرأة", "HOMME"][number % 4],
        "الهاتف": f"06{number:08}",
        "Observations": f"rencontrée près de la gare {number}",
        "Ville": ["Fès", "Salé"][number % 2],
        "Montant": f"{number},5",
        "Personnes": str(number % 7),
        "Code interne": "" if number == 3 else f"K{number}",
    }
    for number in range(40)
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(Settings.from_env({}))


def drafted(folder, header, rows, codelists=CODELISTS, model=MODEL) -> tuple[str, Contract]:
    text = draft_contract("ngo/sample", header, rows, codelists, model)
    path = write(folder, text, "ngo/sample")
    assert [str(problem) for problem in check_folder([path], codelists, model)] == []
    return text, load_contract(path, codelists, model)


def test_a_draft_passes_the_check_and_reads_the_sample(tmp_path):
    _, contract = drafted(tmp_path, list(ROWS[0]), ROWS)
    assert [(column.name, column.type, column.privacy) for column in contract.columns] == [
        ("no_du_dossier", "identifier", "identity"),
        ("nom_et_prenom", "text", "identity"),
        ("date_de_naissance", "date", "identity"),
        ("sexe", "code", "quasi"),
        ("alhatf", "text", "identity"),
        ("observations", "text", "free_text"),
        ("ville", "text", "quasi"),
        ("montant", "number", "identity"),
        ("personnes", "integer", "quasi"),
        ("code_interne", "identifier", "identity"),
    ]
    assert [column.name for column in contract.key] == ["no_du_dossier"]
    assert [column.name for column in contract.columns if column.required] == ["no_du_dossier"]
    assert contract.column("sexe").codelist == "sex"


def test_no_cell_of_the_sample_is_in_the_draft(tmp_path):
    text, _ = drafted(tmp_path, list(ROWS[0]), ROWS)
    written = text.casefold()
    shown = {cell for row in ROWS for header, cell in row.items() if header != "Personnes" and len(cell) > 3}
    assert len(shown) > 150
    assert not [cell for cell in shown if cell.casefold() in written]


def test_a_table_by_position_gives_the_same_draft(tmp_path):
    header = list(ROWS[0])
    table = pa.table({f"c{place}": [row[name] for row in ROWS] for place, name in enumerate(header)})
    assert draft_contract("ngo/sample", header, table, CODELISTS, MODEL) == draft_contract(
        "ngo/sample", header, ROWS, CODELISTS, MODEL
    )


def test_columns_named_like_the_common_model_are_bound_to_it(tmp_path, catalog):
    header = ["Référence de la victime", "Nom de famille", "Sexe", "Date de naissance", "Date de rencontre", "Prix"]
    victim = catalog.model["victim"].fields
    header[0], header[1] = victim["victim_reference"].label["fr"], victim["family_name"].label["ar"]
    header[4] = victim["met_on"].label["fr"]
    rows = [
        dict(zip(header, (f"V{n}", "كناري", "F" if n % 3 else "M", f"1{n % 9}/11/1990", "2024-01-13", ""), strict=True))
        for n in range(30)
    ]
    text, contract = drafted(tmp_path, header, rows, catalog.codelists, catalog.model)
    assert {binding.field for column in contract.columns for binding in column.bindings} == {
        "victim_reference", "family_name", "sex", "birth_date", "met_on",
    }  # fmt: skip
    assert contract.column("sex").privacy == victim["sex"].privacy
    assert contract.column("family_name").privacy == "identity"
    assert contract.column("family_name").headers["fr"] == victim["family_name"].label["fr"]
    assert [column.name for column in contract.columns if column.required] == ["victim_reference", "met_on"]
    assert contract.age is not None
    assert (contract.age.birth_date, contract.age.on) == ("birth_date", "met_on")
    assert "status: draft" in text


def test_rows_are_taken_for_people_only_where_a_column_says_who_they_are(catalog):
    def bound(*header: str) -> str:
        text = draft_contract("labour/visits", header, [], catalog.codelists, catalog.model)
        return text if "concept: victim." in text else ""

    assert not bound("Établissement visité", "Province", "Téléphone")
    assert "each row makes a record of victim" in bound("Sexe", "Province", "Téléphone")


def test_cells_that_do_not_read_as_the_concept_are_not_bound(tmp_path, catalog):
    rows = [{"Sexe": f"tbd {number}"} for number in range(20)]
    text, contract = drafted(tmp_path, ["Sexe"], rows, catalog.codelists, catalog.model)
    assert contract.columns[0].bindings == ()
    assert contract.columns[0].privacy == "identity"
    assert "do not read as code" in text


@pytest.mark.parametrize(
    ("cells", "kind", "formats"),
    [
        (["13/02/2024", "01/02/2024"], "date", ("dd/MM/yyyy",)),
        (["02/13/2024", "02/01/2024"], "date", ("MM/dd/yyyy",)),
        (["01/02/2024", "03/04/2024"], "date", ("dd/MM/yyyy",)),
        (["2024-02-01", "2024-12-31"], "date", ("yyyy-MM-dd",)),
        (["1.2.24", "13.2.24"], "date", ("d.M.yy", "dd.M.yy")),
        (["٢٠٢٤/٠٢/٠١", "٢٠٢٤/١٢/٣١"], "date", ("yyyy/MM/dd",)),
        (["2024-02-01 10:30", "2024-02-02 09:00"], "timestamp", ("yyyy-MM-dd HH:mm",)),
        (["2024-02-01T10:30:00", "2024-02-02T09:00:11"], "timestamp", ("yyyy-MM-dd'T'HH:mm:ss",)),
        (["1", "2", "٣"], "integer", ()),
        (["1,5", "2", "3.25"], "number", ()),
        (["007", "012", "900"], "text", ()),
        (["true", "FALSE"], "boolean", ()),
        (["femme", "homme; femme", "homme"], "code", ()),
        (["", "-", "N/A"], "text", ()),
        (["2024", "2023"], "integer", ()),
    ],
)
def test_types_follow_what_the_cells_are(tmp_path, cells, kind, formats):
    _, contract = drafted(tmp_path, ["Colonne"], [{"Colonne": cell} for cell in [*cells] * 12])
    column = contract.columns[0]
    assert (column.type, column.formats) == (kind, formats)


def test_dates_in_several_forms_are_dates_and_the_others_are_told_by_their_rows(tmp_path):
    cells = ["13/02/2024", "2024-02-14", "15-02-2024", "", "le 3 mars", "16/02/2024", "inconnue", "17.02.2024"]
    text, contract = drafted(tmp_path, ["Rencontre"], [{"Rencontre": cell} for cell in cells])
    assert contract.columns[0].type == "date"
    assert set(contract.columns[0].formats) == {"dd/MM/yyyy", "yyyy-MM-dd", "dd-MM-yyyy", "dd.MM.yyyy"}
    assert "REVIEW: 2 of 7 cells do not read as date (row 5, 7)" in text
    assert "le 3 mars" not in text


def test_numbers_with_texts_among_them_are_told_by_the_rows_of_the_file():
    cells = [*(str(n % 7) for n in range(30)), "une trentaine"]
    table, rows = pa.table({"c0": cells}), list(range(4, 35))
    told = draft_contract("a/b", ["Âge"], table, {}, {}, rows=rows)
    assert "logicalType: integer" in told
    assert "REVIEW: 1 of 31 cells do not read as integer (row 34)" in told


def test_a_column_with_some_dates_stays_text_and_says_so(tmp_path):
    text, contract = drafted(tmp_path, ["Suite"], [{"Suite": cell} for cell in ["01/02/2024", "non", "ouvert"] * 3])
    assert contract.columns[0].type == "text"
    assert "REVIEW: 3 of 9 cells read as date, too few to take the column for that" in text


def test_an_order_of_day_and_month_that_the_sample_hides_is_to_be_reviewed():
    open_order = draft_contract("a/b", ["D"], [{"D": "01/02/2024"}], CODELISTS, MODEL)
    told = draft_contract("a/b", ["D"], [{"D": "21/02/2024"}], CODELISTS, MODEL)
    assert "whether day or month comes first" in open_order
    assert "whether day or month comes first" not in told


def test_a_key_of_digits_is_a_name_and_no_number(tmp_path):
    rows = [{"nro_registro": str(584554505 + row), "Âge": "30"} for row in range(9)]
    _, contract = drafted(tmp_path, ["nro_registro", "Âge"], rows)
    assert [(column.type, column.key) for column in contract.columns] == [("identifier", 1), ("integer", None)]


def test_several_codes_in_a_cell_are_seen_with_their_separator(tmp_path):
    rows = [{"Sexes": cell} for cell in ["femme;homme", "homme", "femme; homme"]]
    _, contract = drafted(tmp_path, ["Sexes"], rows)
    assert (contract.columns[0].codelist, contract.columns[0].many) == ("sex", ";")


def test_of_two_columns_whose_values_make_records_the_first_is_bound(tmp_path, catalog):
    header = ["Type de service", "Orientée vers", "Orientée par"]
    rows = [dict(zip(header, cells, strict=True)) for cells in [
        ("Hébergement ; Soins médicaux", "Parquet ; Police ou gendarmerie", "Parquet"),
        ("Soins médicaux", "Parquet", "Police ou gendarmerie"),
    ] * 12]  # fmt: skip
    text, contract = drafted(tmp_path, header, rows, catalog.codelists, catalog.model)
    assert [(column.codelist, column.many) for column in contract.columns] == [
        ("service_type", ";"), ("referral_destination", ";"), ("referral_destination", None),
    ]  # fmt: skip
    assert [bool(column.bindings) for column in contract.columns] == [True, False, True]
    assert "REVIEW: the header names service.destination" in text


def test_one_unknown_spelling_does_not_drop_a_code_list(tmp_path):
    cells = ["Femme", "homme", "F", "Damen", "M"] * 4 + ["Herren"]
    text, contract = drafted(tmp_path, ["Sexe"], [{"Sexe": cell} for cell in cells])
    assert (contract.column("sexe").type, contract.column("sexe").codelist) == ("code", "sex")
    assert "REVIEW: 2 spelling(s) of the sample are not in the list sex (first met in row 4, 21)" in text
    assert "Damen" not in text


def test_a_column_that_a_list_knows_by_chance_only_is_no_code(tmp_path):
    for cells in (["F", "Fès", "Salé"] * 8, ["F", "F", "F", "x"] * 8, ["Femme", "homme", "a", "b", "c"] * 8):
        text, contract = drafted(tmp_path, ["Lettre"], [{"Lettre": cell} for cell in cells])
        assert contract.column("lettre").codelist is None
        assert "spelling(s)" not in text


def test_headers_in_latin_letters_are_told_to_be_taken_for_french(tmp_path):
    assert "headers in Latin letters are marked fr" in drafted(tmp_path, ["Sex"], [{"Sex": "F"}])[0]
    assert "Latin letters" not in drafted(tmp_path, ["الجنس"], [{"الجنس": "F"}])[0]


def test_spellings_of_nothing_are_written_down(tmp_path):
    rows = [{"Ville": cell} for cell in ["Fès", "n/a", "-", ""]]
    _, contract = drafted(tmp_path, ["Ville"], rows)
    assert contract.columns[0].blanks == ("-", "N/A")


def test_the_shortest_list_that_knows_the_cells_is_chosen(tmp_path):
    lists = {"long": codelist("long", a="un", b="deux", c="trois"), "short": codelist("short", x="un", y="deux")}
    model = {"thing": entity("thing", name=("text", "public", None))}
    _, contract = drafted(tmp_path, ["Q"], [{"Q": cell} for cell in ["un", "deux"]], lists, model)
    assert contract.columns[0].codelist == "short"


def test_the_list_that_the_common_model_uses_most_is_chosen(tmp_path):
    lists = {"rare": codelist("rare", yes="oui", no="non"), "usual": codelist("usual", y="oui", n="non", u="nsp")}
    model = {"thing": entity("thing", a=("code", "quasi", "usual"), b=("code", "quasi", "usual"))}
    _, contract = drafted(tmp_path, ["Q"], [{"Q": cell} for cell in ["oui", "non"]], lists, model)
    assert contract.columns[0].codelist == "usual"


def test_headers_that_name_columns_of_ours_get_another_name(tmp_path):
    header = [*sorted(RESERVED), "Période", "Sheet 2"]
    _, contract = drafted(tmp_path, header, [dict.fromkeys(header, "x")])
    assert [column.name for column in contract.columns] == [
        *(f"stated_{n}" for n in sorted(RESERVED)),
        "periode",
        "sheet_2",
    ]
    assert [column.headers["fr"] for column in contract.columns] == header


def test_headers_given_twice_or_not_at_all_become_columns_of_their_own(tmp_path):
    table = pa.table({"c0": ["a"], "c1": ["b"], "c2": ["c"], "c3": ["d"]})
    _, contract = drafted(tmp_path, ["Derivación", "derivacion", "", "123"], table)
    assert [column.name for column in contract.columns] == ["derivacion", "derivacion_2", "column_3", "c_123"]


@pytest.mark.parametrize(
    "header",
    ["Nom", "PRENOM", "Nom de la mère", "Né(e) le", "Téléphone", "N° CIN", "date_of_birth", "dateOfBirth", "Surname"]
    + ["e-mail", "Home address", "Apellidos", "Fecha de nacimiento", "Domicilio", "DNI", "الاسم الكامل", "النسب"]
    + ["تاريخ الازدياد", "رقم البطاقة الوطنية", "العنوان", "رقم الهاتف", "اسم الأب", "جواز السفر", "Alias / surnom"],
)
def test_headers_that_speak_of_who_somebody_is_are_known_in_four_languages(header, tmp_path):
    assert names_a_person(header)
    _, contract = drafted(tmp_path, [header], [{header: "1"}] * 30, {}, {})
    assert contract.columns[0].vaulted


@pytest.mark.parametrize("header", ["Observations", "Récit des faits", "ملاحظات", "Observaciones", "Case notes"])
def test_headers_that_announce_free_text_are_known(header):
    assert tells_a_story(header)


def test_what_is_not_known_to_be_harmless_stays_in_the_vault(tmp_path):
    rows = [{"X1": f"valeur {number}", "X2": str(number * 37)} for number in range(50)]
    text, contract = drafted(tmp_path, ["X1", "X2"], rows)
    assert [column.privacy for column in contract.columns] == ["identity", "identity"]
    assert text.count("not known to be harmless") == 2


def test_long_texts_are_free_texts_whatever_their_header(tmp_path):
    rows = [{"X": "la personne a été orientée vers le centre le lendemain"}] * 30
    _, contract = drafted(tmp_path, ["X"], rows)
    assert contract.columns[0].privacy == "free_text"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Date de naissance", "date_de_naissance"),
        ("yearOfRegistration", "year_of_registration"),
        ("N° PV", "no_pv"),
        ("الجنس", "aljns"),
        ("2024 (total)", "c_2024_total"),
        ("!!!", "column_7"),
        ("age band", "stated_age_band"),
        ("Version", "stated_version"),
        ("Ctid", "stated_ctid"),
        ("x" * 90, "x" * 46),
    ],
)
def test_names_are_plain_ascii(header, name):
    assert column_name(header, 7, []) == name


def test_names_avoid_what_other_columns_are_called():
    assert column_name("Sexe", 1, ["sexe", "Sexe 2"]) == "sexe_3"


def test_a_reference_is_known_by_its_header():
    assert is_reference("N° de dossier")
    assert is_reference("رقم الملف")
    assert not is_reference("Ville")


@pytest.mark.parametrize("feed", ["victims", "Police/victims", "police/victims/2", "police/", "../x"])
def test_a_wrong_feed_name_is_refused(feed):
    with pytest.raises(UsageFault, match="agency/name"):
        draft_contract(feed, ["a"], [], CODELISTS, MODEL)


def test_a_sample_without_header_is_refused():
    with pytest.raises(UsageFault, match="header"):
        draft_contract("a/b", [], [], CODELISTS, MODEL)


HEADERS = st.lists(
    st.one_of(
        st.sampled_from([field.label["fr"] for model in MODEL.values() for field in model.fields.values()]),
        st.sampled_from(["Sexe", "sexe ", "Date", "date_", "الجنس", "", "-", "true", "a: b", "# x", "{'", '"', "é\\"]),
        st.text(max_size=12),
    ),
    min_size=1,
    max_size=6,
)
CELLS = st.sampled_from(["", "-", "femme", "homme", "F", "1", "2,5", "007", "31/12/2023", "2024-01-01", "x y", "٣"])


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(header=HEADERS, data=st.data())
def test_any_sample_gives_a_draft_that_passes_the_check(tmp_path_factory, header, data):
    columns = {f"c{place}": data.draw(st.lists(CELLS, min_size=4, max_size=4)) for place in range(len(header))}
    _, contract = drafted(tmp_path_factory.mktemp("draft"), header, pa.table(columns))
    assert len(contract.columns) == len(header)
    assert all(column.vaulted or column.type == "code" or column.bindings for column in contract.columns)
