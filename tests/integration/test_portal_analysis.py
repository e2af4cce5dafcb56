"""The analyst's pages, over a real release: what is signed, as it was signed, each number with its counting rule."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.integration.portal_site import Browser, events, signed_in
from tests.integration.station import Station, visit, visits
from tests.integration.test_releases import asked, first, office

from marsad.contracts.codelists import load_codelists
from marsad.errors import PassingFault, PlatformFault
from marsad.intake.calendar import parse
from marsad.intake.office import Office
from marsad.linkage.linker import link
from marsad.portal import analysis, published, tiles
from marsad.portal.accounts import Right
from marsad.portal.pages.releases import cell_labels
from marsad.portal.published import Table
from marsad.portal.site import Site, utc_now
from marsad.portal.words import speaker
from marsad.register.refresh import refresh
from marsad.settings import PROJECT
from marsad.statistics.disclosure.cells import Dimension
from marsad.statistics.disclosure.policy import load_policy
from marsad.statistics.releases import decide, store
from marsad.statistics.releases.counted import Base
from marsad.statistics.releases.definition import Definition, load
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import content_hash
from marsad.warehouse import register_tables
from marsad.warehouse.model import LANGUAGES

__all__ = ["first", "office"]


@pytest.fixture(scope="module")
def signed(office: Office, first: Build) -> Path:
    return decide.sign(office, first.build_id, "reviewer", "looked through")


@pytest.fixture
def analyst(site: Site, sender: str) -> Browser:
    return signed_in(site, f"analyst.{sender}", Right("analyst"))


def said(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def in_language(browser: Browser, language: str, path: str) -> str:
    browser.see(path)
    browser.submit("/language", {"language": language, "back": path})
    return browser.see(path)


def test_nothing_is_shown_before_somebody_signed(office: Office, first: Build, analyst: Browser) -> None:
    assert "Aucune publication n'est encore signée" in said(analyst.see("/releases"))
    assert analyst.get(f"/releases/{first.build_id}").status_code == 404
    assert analyst.get(f"/releases/{first.build_id}/package.zip").status_code == 404


def test_a_release_is_shown_as_it_was_signed(signed: Path, first: Build, analyst: Browser) -> None:
    assert f'href="/releases/{first.build_id}"' in analyst.see("/releases")
    page = analyst.see(f"/releases/{first.build_id}")
    for table in first.tables():
        section = page.partition(f"{table.name}.csv")[0].rpartition("<section")[2]
        shown = re.findall(r'<td class="figure">(?:<abbr[^>]*>)?([^<]*)', section)
        assert sorted(shown) == sorted("c" if n is None else f"{n}" for n in table.cells.values())
    for words in (
        "Enregistrement de victime",
        "Présumé",
        "Date de détection",
        "lab/visits",
        "Cellules montrées",
        "non publié",
    ):
        assert words in said(page)
    arabic = in_language(analyst, "ar", f"/releases/{first.build_id}")
    assert 'dir="rtl"' in arabic
    assert "زيارات" in arabic
    assert "تاريخ الرصد" in arabic


def test_the_overview_draws_each_dimension_once_with_the_counting_rule(
    signed: Path, first: Build, analyst: Browser
) -> None:
    page = in_language(analyst, "en", "/overview")
    (table,) = [one for one in first.tables() if one.name == "sex_age"]
    (total,) = re.findall(r'<p class="big">(.*?)</p>', page)
    assert said(total) == str(table.cells["total", "total"])
    drawn = {name: {said(head): said(value) for head, value in
                    re.findall(r'<th scope="row">(.*?)</th><td class="figure">(.*?)</td>', chart)}
             for name, chart in re.findall(r'<caption[^>]*>(.*?)</caption>(.*?)</table>', page, re.S)}  # fmt: skip
    assert list(drawn) == ["Sex", "Age"]
    for label, code in (("Female", "F"), ("Male", "M")):
        assert drawn["Sex"][label] == str(table.cells[code, "total"] or "c")
    assert set(drawn["Age"]) == {"0 to 17 years", "18 years or over"}  # finer bands are part of these
    for rule in ("Victim", "Presumed", "Day of detection", "lab/visits"):
        assert rule in said(page)


def test_codes_that_no_list_has_are_said_in_words(site: Site) -> None:
    asked = (("exploitation_form", "several"), ("sex", "unknown"), ("sex", "total"), ("age_band", "0-17.alone"))
    french, arabic = ([cell_labels(site, language)(*one) for one in asked] for language in ("fr", "ar"))
    assert french[:3] == ["Plusieurs", "inconnu", "Ensemble"]
    assert not re.search("[a-z]", "".join(arabic))


def test_two_cubes_under_one_counting_rule_are_two_charts() -> None:
    women, men = (Table({"cube": cube, "dimensions": ["age_band"]}, ("age_band",), {("total",): n})
                  for cube, n in (("women", 7), ("men", 9)))  # fmt: skip
    assert [chart.total for chart in published.charts([women, men, women], {})] == [7, 9]


def test_a_cell_stands_in_its_row_and_column(signed: Path, first: Build, analyst: Browser) -> None:
    (table,) = [one for one in first.tables() if one.name == "sex_minor"]
    page = in_language(analyst, "en", f"/releases/{first.build_id}")
    section = page.partition("sex_minor.csv")[0].rpartition("<section")[2]
    ages = [said(head) for head in re.findall(r"<th scope=\"col\".*?</th>", section)][1:]
    rows = {said(row[0]): [said(cell) for cell in re.findall(r"<td.*?</td>", row[1])]
            for row in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', section, re.S)}  # fmt: skip
    expected = table.cells["F", "18+"]
    assert rows["Female"][ages.index("18 years or over")] == ("c" if expected is None else str(expected))
    assert rows["All"][0] == str(table.cells["total", "total"])


def test_files_are_the_signed_bytes_or_none(signed: Path, station: Station, first: Build, analyst: Browser) -> None:
    address = f"/releases/{first.build_id}"
    file = analyst.get(f"{address}/sex_age.csv")
    assert file.content == (signed / "sex_age.csv").read_bytes()
    assert all(row["source"] == "lab/visits" for row in csv.DictReader(io.StringIO(file.text)))
    with zipfile.ZipFile(io.BytesIO(analyst.get(f"{address}/package.zip").content)) as package:
        assert {name: package.read(name) for name in package.namelist()} == {
            path.name: path.read_bytes() for path in signed.iterdir()
        }
    told = [one["detail"] for one in events(station, "release.downloaded")]
    assert told == [{"file": "sex_age.csv"}, {"file": "package.zip"}]
    (signed / "notes.csv").write_bytes(b"by somebody else")
    for wrong in ("notes.csv", "build.json", "..%2F..%2Fkeys", "sex_age"):
        assert analyst.get(f"{address}/{wrong}").status_code == 404
    (signed / "notes.csv").unlink()
    for name in ("sex_age.csv", "sex_age.parquet", "dcat.jsonld"):
        whole = (signed / name).read_bytes()
        (signed / name).write_bytes(whole + b"\n")
        assert analyst.get(f"{address}/sex_minor.csv").status_code == 404
        assert "ne se trouvent pas ici" in said(analyst.see(address))
        (signed / name).write_bytes(whole)


@pytest.fixture(scope="module")
def disagreeing(station: Station) -> None:
    """Three findings on published figures, as ``marsad reconcile`` keeps them."""
    names = [f"{name}_{language}" for name in ("indicator", "explanation", "values") for language in ("fr", "ar", "en")]
    insert = f"""INSERT INTO ref.contradiction (number, rule, kind, country, period, figures, {", ".join(names)})
        VALUES (:number, 'key.two_values', :kind, 'MAR', :period, '{{}}', :what || ' fr', :what || ' ar', :what,
                'pourquoi ' || :number, 'سبب ' || :number, 'why ' || :number,
                ARRAY['452 <b>'], ARRAY['٤٥٢'], ARRAY['452'])"""
    rows = [(1, "contradiction", "2024", "victims"), (2, "explained", "2022-2023", "victims"),
            (3, "suspicious", "2023", "convicted")]  # fmt: skip
    with station.office.engine.begin() as connection:
        for row in rows:
            values = dict(zip(("number", "kind", "period", "what"), row, strict=True))
            connection.execute(sa.text(insert), values)
        connection.execute(sa.text("INSERT INTO ref.reconciled (state, figures, at) VALUES ('', 7, now())"))


@pytest.mark.parametrize(
    ("chosen", "found"),
    [({}, [1, 2, 3]), ({"year": "2023"}, [2, 3]), ({"year": "2023", "indicator": "victims"}, [2]),
     ({"country": "FRA"}, []), ({"year": "202"}, [])],
)  # fmt: skip
def test_contradictions_are_chosen_by_year_country_and_indicator(
    disagreeing: None, analyst: Browser, chosen: dict[str, str], found: list[int]
) -> None:
    analyst.see("/contradictions")
    place = analyst.submit("/contradictions", chosen).headers["location"]
    page = said(analyst.see(place))
    assert [number for number in (1, 2, 3) if f"pourquoi {number}" in page] == found
    assert "452 <b>" in page or not found  # shown, not obeyed
    assert [f"سبب {number}" in said(in_language(analyst, "ar", place)) for number in (1, 2, 3)] == [
        number in found for number in (1, 2, 3)
    ]


def test_the_dictionary_tells_every_column_in_the_readers_language(station: Station, analyst: Browser) -> None:
    columns = station.rows("""SELECT table_schema || '.' || table_name AS view, column_name AS name
        FROM information_schema.columns WHERE table_schema IN ('mart', 'release')
        AND (table_schema, table_name) IN (SELECT schemaname, viewname FROM pg_views)""")
    pages = {language: in_language(analyst, language, "/dictionary") for language in ("fr", "ar", "en")}
    meanings = {language: re.findall(r'<bdi class="id">(\w+)</bdi></td><td>(.*?)</td>', page)
                for language, page in pages.items()}  # fmt: skip
    assert len(columns) > 100
    for told in meanings.values():
        assert sorted(name for name, _ in told) == sorted(row["name"] for row in columns)
        assert all(meaning for _, meaning in told)
    assert all(re.search("[\u0600-\u06ff]", meaning) for _, meaning in meanings["ar"])
    assert f'id="{columns[0]["view"]}"' in pages["fr"]


def test_quality_is_told_by_sender(station: Station, sender: str, analyst: Browser) -> None:
    faulty = [visit("Q1"), visit("Q2"), visit("Q3"), visit("Q4", Naissance="31/02/1990")]
    station.send("lab/visits", visits(*faulty), sender)
    page = analyst.see("/quality")
    assert cells_of(page, sender)[:4] == ["1", "0", "4", "25 %"]
    assert "À corriger" in said(page)
    (period,) = {
        row["period"] for row in station.rows("SELECT period FROM mart.deliveries WHERE provider = :p", p=sender)
    }
    assert f"depuis {int(period[:4]) - 1}" in said(page)
    with station.office.engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.delivery SET period = '1999-01' WHERE provider = :p"), {"p": sender})
    assert "À corriger" not in said(analyst.see("/quality"))


def cells_of(page: str, sender: str) -> list[str]:
    row = page.partition(f"<bdi>{sender}</bdi></th>")[2].partition("</tr>")[0]
    return [said(cell) for cell in re.findall(r"<td.*?</td>", row)]


COUNTED = {"2018": (40, 30, 6), "2019": (60, 50, 7)}  # MA-01, MA-06, not stated
HIDDEN = {"MA-01", "unknown"}  # of 2019


@pytest.fixture(scope="module")
def by_region(office: Office, signed: Path) -> dict[str, dict[str, int | None]]:
    """Two signed years of the release ``persons``, by region alone; the numbers of both."""
    persons = load(PROJECT / "schemas", "persons")
    table = persons.tables["region_sex"].model_copy(update={"by": ("region",)})
    definition = persons.model_copy(update={"tables": {"region": table}})
    shown = {}
    for year, numbers in COUNTED.items():
        counts = dict(zip(("MA-01", "MA-06", "unknown"), numbers, strict=True))
        hidden = HIDDEN if year == "2019" else set()
        sign_counts(office, definition, year, counts, hidden)
        shown[year] = {code: None if code in hidden else n for code, n in counts.items()}
    return shown


def sign_counts(office: Office, definition: Definition, year: str, counts: dict[str, int], hidden: set[str]) -> None:
    """A signed build of a year, of these numbers and without these."""
    period = parse(year)
    assert period
    made = Build(
        build_id=store.new_id(), name="persons", period=period, number=1, as_of=utc_now(), ledger="",
        definition=definition, policy=load_policy(PROJECT / "schemas"), missing=[], facts={}, broken=[],
        verdict="pass", tools="", sha256="", built_by="builder",
        hidden={"victims": frozenset((one,) for one in hidden)},
        dimensions={"victims": (Dimension.of("region", counts),)},
        bases={"victims": Base(("region",), {(year, (code,)): n for code, n in counts.items()})},
    )  # fmt: skip
    with office.engine.begin() as connection:
        store.write(connection, replace(made, sha256=content_hash(made.tables(), year)))
    decide.sign(office, made.build_id, "reviewer")


def test_a_trend_holds_each_signed_period_and_hides_what_it_hides(
    by_region: dict[str, dict[str, int | None]], analyst: Browser
) -> None:
    page = in_language(analyst, "en", "/trends")
    section = next(one for one in page.split("<section")[1:] if "register" in one)
    assert re.findall(r'<th scope="col" class="figure"><bdi>(\d+)', section) == list(COUNTED) * 2  # all, by region
    rows = {said(head): [said(cell) for cell in re.findall(r'<td class="figure">(.*?)</td>', rest)]
            for head, rest in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', section)}  # fmt: skip
    assert rows == {"All": ["76", "117"], "Tangier-Tetouan-Al Hoceima": ["40", "c"], "Casablanca-Settat": ["30", "50"],
                    "unknown": ["6", "c"]}  # fmt: skip
    for words in ("Victim", "Presumed", "Day of detection"):
        assert words in said(section)
    assert "“c”: not published, which is not zero" in said(page)
    assert section.count("<rect") == 2 + 1 + 2 + 1  # nothing is drawn of what is hidden
    assert "Only one period of this length" in said(page)  # of the laboratory's


def test_a_course_is_of_months_or_of_quarters_never_of_both(office: Office, first: Build) -> None:
    found = {}
    with office.engine.connect() as connection:  # rolled back
        for label in ("2031-03", "2031-Q1", "2031-04", "2031-Q2", "2031"):
            made = replace(first, build_id=store.new_id(), name="mixed", period=parse(label) or first.period)
            store.write(connection, made)
            store.decide(connection, made, "signed", "reviewer", None, utc_now())
        for release in (one for one in published.listed(connection) if one["name"] == "mixed"):
            chart = published.charts(published.tables(connection, release, {}), {})[0]
            found[release["period"]] = list(published.course(connection, release, chart))
    months, quarters = ["2031-03", "2031-04"], ["2031-Q1", "2031-Q2"]
    assert found == {**dict.fromkeys(months, months), **dict.fromkeys(quarters, quarters), "2031": ["2031"]}


def test_the_map_has_a_tile_each_region_and_hides_what_the_release_hides(
    by_region: dict[str, dict[str, int | None]], analyst: Browser
) -> None:
    page = in_language(analyst, "ar", "/map")
    tiles = {said(name): said(number) for name, number in
             re.findall(r'<text x="50" y="36">(.*?)</text><text class="number"[^>]*>(.*?)</text>', page)}  # fmt: skip
    assert len(tiles) == 12
    assert (tiles.pop("طنجة"), tiles.pop("الدار البيضاء")) == ("c", "50")
    assert set(tiles.values()) == {"–"}  # no such cell in the release
    assert "<bdi>2019</bdi></h2>" in page
    assert "2018" not in page
    assert "تاريخ الرصد" in said(page)
    assert "غير معروف" in said(page)  # has no tile, and stands in the table


def test_the_path_says_of_each_year_how_many_came_how_far(office: Office, analyst: Browser) -> None:
    link(office)
    refresh(office)
    page = in_language(analyst, "en", "/path")
    persons = dict(asked(office, "SELECT year, sum(persons)::bigint FROM mart.persons GROUP BY year"))
    steps = {(year, step): n for year, step, n in asked(office, "SELECT year, step, persons FROM mart.referral_path")}
    found = {}
    for section in page.split("<section")[1:]:
        year = said(section.partition("<h2")[2].partition(">")[2].partition("</h2>")[0])
        rows = re.findall(r'<th scope="row">(.*?)</th><td class="figure">(\d+)</td>', section)
        found |= {(year, head): int(n) for head, n in rows}
        assert f"{persons[year]} person" in said(section)
        assert "may not be passed on" in said(section)
        assert "register" in said(section)
    assert {(year, speaker("en")(f"step.{step}")): n for (year, step), n in steps.items()} == found != {}


def test_the_path_has_a_place_for_every_step_and_the_map_for_every_region() -> None:
    assert sorted(analysis.STEPS) == sorted(register_tables.KINDS)
    grid, lists = tiles.load(PROJECT / "schemas"), load_codelists(PROJECT / "schemas" / "codelists")
    assert set(grid.tiles) == set(lists[grid.scheme].codes)
    assert len({place.at for place in grid.tiles.values()}) == len(grid.tiles)
    assert all(set(place.name) == set(LANGUAGES) for place in grid.tiles.values())


def test_pages_read_no_more_than_an_analyst_may_and_not_for_long(site: Site) -> None:
    hasty = replace(site, policy=replace(site.policy, statement=timedelta(milliseconds=50)))
    with pytest.raises(PassingFault), hasty.analysing() as connection:
        connection.execute(sa.text("SELECT pg_sleep(5)"))
    for denied in ("SELECT * FROM release.build", "SELECT * FROM core.victim", "SELECT * FROM portal.account"):
        with pytest.raises(PlatformFault, match="42501"), site.analysing() as connection:
            connection.execute(sa.text(denied))
    with pytest.raises(PlatformFault, match="25006"), site.analysing() as connection:
        connection.execute(sa.text("CREATE TABLE ref.mine ()"))
