"""A release as a folder to hand out: CSV and Parquet with a data package (Frictionless) and a catalogue entry (DCAT).

Without times of writing, so that a release written again is the same, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marsad.durable import os_faults, private_folder, write_whole
from marsad.statistics.releases import outbox
from marsad.statistics.releases.store import Build
from marsad.statistics.releases.tables import Table
from marsad.warehouse.model import LANGUAGES
from marsad.warehouse.release_tables import HIDDEN

UNSIGNED = "unsigned-"
"""What the folder of a build begins with that nobody signed."""

_INTEGERS = ("value",)
_SUPPRESSION = {
    "fr": "« c » : nombre non publié, pour que personne ne puisse être reconnu ; {hidden} cellules sur {cells}.",
    "ar": "«c»: عدد غير منشور حتى لا يمكن التعرف على أحد؛ {hidden} من أصل {cells} خلية.",
    "en": "'c': a number that is not published, so that nobody can be recognised; {hidden} of {cells} cells.",
}


def write(place: Path, build: Build) -> Path:
    """Writes the package into a folder of its own below ``place``, which says so if nobody signed it; returns that.

    Raises:
        PassingFault, PlatformFault: it cannot be written.
    """
    folder = outbox.folder(place, build.name, build.period.label, build.number)
    if build.state != "signed":
        folder = folder.with_name(f"{UNSIGNED}{folder.name}")
    with os_faults("writing a release"):
        private_folder(folder)
        for name, content in files(build).items():
            write_whole(folder / name, content)
    return folder


def files(build: Build) -> dict[str, bytes]:
    """The package's files by name."""
    found: dict[str, bytes] = {}
    for table in build.tables():
        found[f"{table.name}.csv"] = table.csv(build.period.label)
        found[f"{table.name}.parquet"] = _parquet(table, build.period.label)
    found["datapackage.json"] = _json(_data_package(build, found))
    found["dcat.jsonld"] = _json(_dcat(build, found))
    return found


def note(table: Table, language: str) -> str:
    """What is said of the cells that are not shown."""
    return _SUPPRESSION[language].format(hidden=len(table.cells) - table.shown, cells=len(table.cells))


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _parquet(table: Table, period: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.int64() if name in _INTEGERS else pa.string()) for name in table.header])
    columns = list(zip(*table.rows(period), strict=True))
    sink = io.BytesIO()
    pq.write_table(pa.table([list(column) for column in columns], schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _data_package(build: Build, contents: Mapping[str, bytes]) -> dict[str, Any]:
    tables = build.tables()
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"{build.name.replace('_', '-')}-{build.period.label.lower()}-{build.number}",
        "title": build.definition.title["en"],
        "titles": dict(build.definition.title),
        "version": str(build.number),
        "created": build.as_of.isoformat(),
        "temporal": build.period.label,
        "provenance": provenance(build),
        "resources": [_resource(build, table, contents[f"{table.name}.csv"]) for table in tables],
    }


def provenance(build: Build) -> dict[str, Any]:
    """What the numbers were made of, and under which policy."""
    return {
        "as_of": build.as_of.isoformat(),
        "ledger": build.ledger,
        "definition": build.definition.version,
        "policy": build.policy.version,
        "tools": build.tools,
        "tables_sha256": build.sha256,
        "deliveries_missing": list(build.missing),
        "verdict": build.verdict,
        "state": build.state,
    }


def _resource(build: Build, table: Table, content: bytes) -> dict[str, Any]:
    return {
        "name": table.name.replace("_", "-"),
        "type": "table",
        "path": f"{table.name}.csv",
        "title": table.spec.title["en"],
        "titles": dict(table.spec.title),
        "description": " ".join(note(table, language) for language in LANGUAGES),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "countingRule": table.counting.model_dump(),
        "schema": {
            "fields": [_field(build, name) for name in table.header],
            "primaryKey": ["period", *table.spec.by],
            "missingValues": [""],
        },
    }


def _field(build: Build, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "type": "integer" if name in _INTEGERS else "string"}
    if name in build.definition.dimensions:
        column = build.definition.dimensions[name]
        found |= {"title": column.label["en"], "titles": dict(column.label), "codelist": column.codelist}
    if name == "flag":
        found |= {"constraints": {"enum": [HIDDEN]}, "description": "c: not shown, so that nobody can be recognised"}
    return found


def _dcat(build: Build, contents: Mapping[str, bytes]) -> dict[str, Any]:
    kinds = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "spdx": "http://spdx.org/rdf/terms#",
        },
        "@id": f"urn:uuid:{build.build_id}",
        "@type": "dcat:Dataset",
        "dct:title": [{"@value": text, "@language": language} for language, text in build.definition.title.items()],
        "dct:identifier": build.build_id,
        **({"dct:issued": build.decided_at.isoformat()} if build.state == "signed" and build.decided_at else {}),
        "dct:publisher": {"@type": "dct:Agent", "dct:title": build.definition.owner},
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": build.period.starts_on.isoformat(),
            "dcat:endDate": build.period.ends_on.isoformat(),
        },
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "dct:description": json.dumps(provenance(build), ensure_ascii=False),
        },
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": name,
                "dcat:mediaType": kinds[name.rpartition(".")[2]],
                "dcat:byteSize": len(content),
                "spdx:checksum": {
                    "spdx:algorithm": "SHA-256",
                    "spdx:checksumValue": hashlib.sha256(content).hexdigest(),
                },
            }
            for name, content in contents.items()
            if name.rpartition(".")[2] in kinds
        ],
    }
