"""Marsad's own part of a contract: the strict models of what stands under ``customProperties``/``property: marsad``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from marsad.contracts.model import Severity
from marsad.warehouse.model import LANGUAGES

Language = Literal["fr", "ar", "en", "es"]
Grain = Literal["day", "month", "quarter", "year"]
FileFormat = Literal["csv", "xlsx", "xls", "ods", "json", "jsonl"]
Finding = Literal["blank", "placeholder", "unparsed", "unmapped", "repaired", "range", "pattern", "length"]
Text = Annotated[str, Field(min_length=1)]
TOTAL_WORDS = ("total", "totaux", "total général", "مجموع", "المجموع", "الإجمالي")
FILE_FORMATS: tuple[FileFormat, ...] = ("csv", "xlsx", "xls", "ods", "json", "jsonl")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _in_each_language(value: object) -> object:
    return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value


class Strict(BaseModel):
    """No unknown key, no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class VersionSpec(Strict):
    """Where the version of a record comes from: exactly one of the three."""

    column: Text | None = None
    file_name: Text | None = None
    received: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> VersionSpec:
        given = [name for name in ("column", "file_name", "received") if getattr(self, name) is not None]
        if len(given) != 1:
            raise PydanticCustomError("one_source", "must have exactly one of 'column', 'file_name', 'received'")
        return self


class PeriodSpec(VersionSpec):
    """Where the period of a row comes from, and how long a period is."""

    grain: Grain = "month"


class AgeSpec(Strict):
    """From which columns age and minority are derived."""

    entity: Text
    birth_date: Text | None = None
    stated: Text | None = None
    on: Text | None = None

    @model_validator(mode="after")
    def _some_source(self) -> AgeSpec:
        if self.birth_date is None and self.stated is None:
            raise PydanticCustomError("age_source", "needs 'birth_date' or 'stated'")
        return self


class ConditionSpec(Strict):
    """The row feeds an entity, or withdraws its record, only if the column holds one of these codes."""

    column: Text
    values: Annotated[list[Text], Field(alias="in", min_length=1)]


class TotalSpec(Strict):
    """Total rows that must equal the sum of their parts."""

    measure: Text
    by: list[Text] = []
    marker: Text
    columns: Annotated[list[Text], Field(min_length=1)]


class FeedSpec(Strict):
    """The contract as a whole."""

    title: Annotated[dict[Language, Text], Field(min_length=1)]
    providers: list[Text] = []
    formats: list[FileFormat] = list(FILE_FORMATS)
    sheet: Annotated[dict[Language, Text], BeforeValidator(_in_each_language)] = {}
    mode: Literal["increment", "snapshot"] = "increment"
    period: PeriodSpec = PeriodSpec(received=True)
    version: VersionSpec = VersionSpec(received=True)
    refuse_above: Annotated[float, Field(gt=0, le=1)] = 0.5
    cadence: Literal["daily", "weekly", "monthly", "quarterly", "yearly", "irregular"] = "irregular"
    total_words: list[Text] = list(TOTAL_WORDS)
    age: AgeSpec | None = None
    conditions: dict[str, ConditionSpec] = {}
    constants: dict[str, Text] = {}
    totals: list[TotalSpec] = []
    withdrawal: ConditionSpec | None = None
    justification: Text | None = None


class ColumnSpec(Strict):
    """One column."""

    header: dict[Language, Text] = {}
    aliases: list[Text] = []
    codelist: Text | None = None
    identifier: bool = False
    formats: list[Text] = []
    many: Annotated[list[Text], BeforeValidator(_as_list)] = []
    blanks: list[str] = []
    placeholders: list[Text] = []
    concept: Annotated[list[Text], BeforeValidator(_as_list)] = []
    severity: dict[Finding, Severity] = {}
