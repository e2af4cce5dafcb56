"""Reading: any file that an agency may send, as blocks of text cells; nothing is judged here."""

from marsad.intake.reading.describe import describe, describe_each
from marsad.intake.reading.files import ReadFile, open_file
from marsad.intake.reading.hints import Hints
from marsad.intake.reading.notes import Note
from marsad.intake.reading.tables import TableInfo

__all__ = ["Hints", "Note", "ReadFile", "TableInfo", "describe", "describe_each", "open_file"]
