"""The report of a dry run, where its asker wants it: one file, told by its ending, or a folder of all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marsad import durable
from marsad.contracts.codelists import CodeList
from marsad.contracts.model import Contract
from marsad.errors import own_faults_only
from marsad.intake.judging import Judged
from marsad.intake.reports.files import document, write_reports
from marsad.intake.reports.page import page
from marsad.intake.reports.workbook import annotate


def write_trial(
    out: Path,
    sent: Path,
    verdict: tuple[Mapping[str, Any], Judged],
    terms: tuple[Contract, Mapping[str, CodeList]],
    language: str,
) -> dict[str, str]:
    """Writes ``out`` and returns what was written by kind.

    An ``out`` that ends with ``.xlsx`` becomes the annotated workbook of the file ``sent``, ``.html`` one page,
    ``.json`` the JSON document; anything else is a folder for the JSON document and a page a language.

    Raises:
        PassingFault, PlatformFault: it cannot be written.
    """
    (receipt, judged), (contract, codelists) = verdict, terms
    kind = out.suffix.lower()
    if kind not in {".xlsx", ".html", ".json"}:
        written = write_reports(out, receipt, contract, judged.broken, codelists, judged.titles)
        return {name: str(path) for name, path in written.items()}
    told = document(receipt, contract, judged.broken, codelists, judged.titles)
    with own_faults_only():
        if kind == ".xlsx":
            content = annotate(sent, contract, told, language)
        elif kind == ".html":
            content = page(receipt, contract, told["findings"], language).encode()
        else:
            content = json.dumps(told, ensure_ascii=False, indent=1).encode()
    with durable.os_faults("writing a report"):
        out.write_bytes(content)
    return {kind[1:]: str(out)}
