"""Reports to providers: a page a language, a JSON document, their own workbook with marked cells on demand."""

from marsad.intake.reports.files import receipt_path, report_paths, write_receipt, write_reports
from marsad.intake.reports.findings import describe
from marsad.intake.reports.page import page

__all__ = ["describe", "page", "receipt_path", "report_paths", "write_receipt", "write_reports"]
