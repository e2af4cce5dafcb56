"""Reports to providers: a page a language, a JSON document, their own workbook with marked cells on demand."""

from marsad.intake.reports.files import (
    drafts,
    publish_reports,
    receipt_path,
    report_paths,
    write_receipt,
    write_reports,
)
from marsad.intake.reports.findings import describe
from marsad.intake.reports.page import page

__all__ = [
    "describe",
    "drafts",
    "page",
    "publish_reports",
    "receipt_path",
    "report_paths",
    "write_receipt",
    "write_reports",
]
