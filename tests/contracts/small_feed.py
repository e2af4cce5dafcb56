"""A small world for tests of contracts: two entities, two code lists, one sound contract."""

from collections.abc import Mapping
from pathlib import Path

from marsad.contracts.codelists import Code, CodeList
from marsad.warehouse.model import Concept, Entity

SOUND = """\
apiVersion: v3.2.0
kind: DataContract
id: police-victims
name: police/victims
version: 1.0.0
status: active
customProperties:
  - property: marsad
    value:
      title: {fr: Victimes, ar: ضحايا, en: Victims}
      providers: [DGSN, GR]
      mode: increment
      period: {column: met_on, grain: month}
      version: {column: sent_on}
      cadence: monthly
      age: {entity: victim, birth_date: birth_date, on: met_on}
      conditions: {victim: {column: role, in: [victim]}}
      constants: {service.funder: ONU}
      totals: [{measure: people, by: [role], marker: Total, columns: [sex]}]
schema:
  - name: victims
    properties:
      - name: record_no
        logicalType: string
        required: true
        primaryKey: true
        classification: quasi
        customProperties:
          - property: marsad
            value:
              header: {fr: N° du dossier, ar: رقم الملف}
              identifier: true
              concept: victim.victim_reference
      - name: sex
        logicalType: string
        classification: quasi
        customProperties:
          - property: marsad
            value:
              header: {fr: Sexe, ar: الجنس}
              codelist: sex
              concept: [victim.sex, "service#2.sex"]
              severity: {unmapped: critical}
      - name: role
        logicalType: string
        classification: quasi
        customProperties:
          - property: marsad
            value: {header: {fr: Qualité}, codelist: role}
      - name: birth_date
        logicalType: date
        classification: identity
        logicalTypeOptions: {minimum: "1900-01-01"}
        customProperties:
          - property: marsad
            value:
              header: {fr: Date de naissance, ar: تاريخ الازدياد}
              aliases: [DDN, né(e) le]
              formats: [dd/MM/yyyy, yyyy]
              blanks: ["-"]
              concept: victim.birth_date
      - name: met_on
        logicalType: date
        classification: quasi
      - name: sent_on
        logicalType: date
        classification: public
      - name: people
        logicalType: integer
        classification: public
        logicalTypeOptions: {minimum: 0, maximum: 10}
      - name: remarks
        logicalType: string
"""


def codelist(scheme: str, **spellings: str) -> CodeList:
    """A list whose codes are the keywords, with ``|``-separated spellings."""
    codes = {code: Code(code, None, {}, tuple(text.split("|")), None) for code, text in spellings.items()}
    return CodeList(scheme, "1.0", codes)


CODELISTS: Mapping[str, CodeList] = {
    "sex": codelist("sex", F="femme|امرأة", M="homme|رجل"),
    "role": codelist("role", victim="victime|ضحية", witness="témoin|شاهد"),
    "provider": codelist("provider", DGSN="sûreté", GR="gendarmerie"),
}


def entity(name: str, /, **fields: tuple[str, str, str | None]) -> Entity:
    """An entity from ``field=(type, class, code list)``."""
    concepts = {
        field: Concept(name, field, kind, privacy, scheme, False, {"fr": field}, "", "test")  # type: ignore[arg-type]
        for field, (kind, privacy, scheme) in fields.items()
    }
    return Entity(name, "", concepts)


MODEL: Mapping[str, Entity] = {
    "victim": entity(
        "victim",
        victim_reference=("text", "quasi", None),
        sex=("code", "quasi", "sex"),
        birth_date=("date", "identity", None),
        met_on=("date", "quasi", None),
        age=("integer", "quasi", None),
        age_band=("code", "quasi", "age_band"),
        minor=("code", "quasi", "minor"),
        narrative=("text", "free_text", None),
    ),
    "service": entity(
        "service",
        sex=("code", "quasi", "sex"),
        funder=("text", "public", None),
        kind=("code", "quasi", "role"),
        cost=("number", "quasi", None),
        client=("text", "identity", None),
    ),
}


def write(folder: Path, text: str = SOUND, feed: str = "police/victims") -> Path:
    """The contract as a file of the folder."""
    path = folder / f"{feed}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
