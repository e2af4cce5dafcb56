"""A release in SDMX 3: one structure message, and each table's data as SDMX-ML 3.0 and as SDMX-CSV 2.0."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Any

from marsad.statistics.disclosure.cells import ALONE, TOTAL
from marsad.statistics.outputs.words import Words, ordered
from marsad.statistics.releases.counted import NOT_STATED
from marsad.statistics.releases.tables import Table
from marsad.warehouse.release_tables import RULE

if TYPE_CHECKING:
    from pysdmx.model import Codelist, Component, ConceptScheme
    from pysdmx.model.dataflow import Dataflow, DataStructureDefinition
    from pysdmx.model.message import Header

AGENCY = "MARSAD"
_SCHEME = "CS_RELEASE"
_TIME, _VALUE, _STATUS, _CONFIDENTIALITY = "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"
_SHOWN, _HIDDEN = ("A", "F"), ("Q", "C")  # SDMX's own lists: normal and free; missing since suppressed, confidential
_ATTRIBUTES = (_STATUS, _CONFIDENTIALITY, *(name.upper() for name in RULE))
_NAMES = {_TIME: "Period", _VALUE: "Number", _STATUS: "Status of the observation", _CONFIDENTIALITY: "Confidentiality",
          "COUNTING_UNIT": "Counting unit", "COUNTING_STAGE": "Counting stage", "REFERENCE_DATE": "Reference date",
          "SOURCE": "Source"}  # fmt: skip
_BETWEEN, _FROM = re.compile(r"(\d+)-(\d+)"), re.compile(r"(\d+)\+")


def files(words: Words) -> dict[str, bytes]:
    """The messages by file name; the same bytes whenever they are made. Names are those of the words' language."""
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format

    made = _Structures(words)
    found = {"sdmx-structure.xml": write_sdmx(made.all(), Format.STRUCTURE_SDMX_ML_3_0, header=made.header())}
    for table in words.build.tables():
        data = [made.dataset(table)]
        found[f"sdmx-{table.name}.xml"] = write_sdmx(data, Format.DATA_SDMX_ML_3_0, header=made.header())
        found[f"sdmx-{table.name}.csv"] = write_sdmx(data, Format.DATA_SDMX_CSV_2_0_0)
    return {name: (content or "").encode() for name, content in found.items()}


def code_id(code: str) -> str:
    """A code as SDMX can write it, ages and totals as its guidelines do: 18+ is Y_GE18."""
    if code.endswith(ALONE):
        return f"{code_id(code.removesuffix(ALONE))}_ALONE"
    if between := _BETWEEN.fullmatch(code):
        return f"Y{between[1]}T{between[2]}"
    if above := _FROM.fullmatch(code):
        return f"Y_GE{above[1]}"
    return {TOTAL: "_T", NOT_STATED: "_U"}.get(code, code.replace("+", "_PLUS").replace(".", "_"))


class _Structures:
    """The artefacts of a build; pysdmx is heavy and imported where it is used."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._build = words.build
        self._version = f"{words.build.definition.version}.0.0"

    def header(self) -> Header:
        from pysdmx.model import Organisation
        from pysdmx.model.message import Header

        return Header(
            id=self._build.build_id, prepared=self._build.as_of.astimezone(UTC), sender=Organisation(id=AGENCY)
        )

    def all(self) -> list[Any]:
        tables = self._build.tables()
        used = {name for table in tables for name in table.spec.by}
        lists = [self._codes(name) for name in self._build.definition.dimensions if name in used]
        definitions = [self._definition(table) for table in tables]
        flows = [self._flow(table, one) for table, one in zip(tables, definitions, strict=True)]
        return [*lists, self._concepts(), *definitions, *flows]

    def dataset(self, table: Table) -> Any:  # noqa: ANN401 - pysdmx's own class builds on a frame without types
        import pandas as pd
        from pysdmx.io.pd import PandasDataset

        columns = [*map(str.upper, table.spec.by), _TIME, _VALUE, *_ATTRIBUTES]
        frame = pd.DataFrame(self._rows(table), columns=columns, dtype=object)
        return PandasDataset(structure=self._definition(table).to_schema(), data=frame)

    def _rows(self, table: Table) -> Iterator[tuple[str | int | None, ...]]:
        period = self._build.period.label
        for row, (codes, value) in zip(table.rows(period), table.cells.items(), strict=True):
            status = _HIDDEN if value is None else _SHOWN
            yield (*map(code_id, codes), period, value, *status, *row[-len(RULE) :])

    def _codes(self, dimension: str) -> Codelist:
        from pysdmx.model import Code, Codelist

        tables = [table for table in self._build.tables() if dimension in table.spec.by]
        known = dict.fromkeys(code for table in tables for code in ordered(self._words, table, dimension))
        items = [Code(id=code_id(code), name=self._words.label(dimension, code), description=code) for code in known]
        name = self._words.title(dimension)
        return Codelist(id=_list_id(dimension), name=name, agency=AGENCY, version=self._version, items=items)

    def _concepts(self) -> ConceptScheme:
        from pysdmx.model import Concept, ConceptScheme

        titles = {name.upper(): self._words.title(name) for name in self._build.definition.dimensions}
        items = [Concept(id=name, name=title) for name, title in (titles | _NAMES).items()]
        return ConceptScheme(id=_SCHEME, name="Concepts", agency=AGENCY, version=self._version, items=items)

    def _definition(self, table: Table) -> DataStructureDefinition:
        from pysdmx.model import Components
        from pysdmx.model.dataflow import DataStructureDefinition

        return DataStructureDefinition(
            id=f"DSD_{self._id(table)}", name=table.spec.title[self._words.language], agency=AGENCY,
            version=self._version, components=Components([*self._components(table)]),
        )  # fmt: skip

    def _components(self, table: Table) -> Iterator[Component]:
        from pysdmx.model import Component, DataType, Role

        dimensions = [name.upper() for name in table.spec.by]
        for name in table.spec.by:
            yield Component(
                name.upper(), True, Role.DIMENSION, self._concept(name.upper()), local_codes=self._codes(name)
            )
        yield Component(_TIME, True, Role.DIMENSION, self._concept(_TIME), local_dtype=DataType.PERIOD)
        yield Component(_VALUE, False, Role.MEASURE, self._concept(_VALUE), local_dtype=DataType.INTEGER)
        # Said of each observation: readers differ in what they understand of attributes of a whole data set.
        level = ",".join((*dimensions, _TIME))
        for name in _ATTRIBUTES:
            concept = self._concept(name)
            yield Component(name, True, Role.ATTRIBUTE, concept, local_dtype=DataType.STRING, attachment_level=level)

    def _concept(self, name: str) -> Any:  # noqa: ANN401 - a reference, which pysdmx does not name in public
        from pysdmx.model import ItemReference

        return ItemReference(sdmx_type="Concept", agency=AGENCY, id=_SCHEME, version=self._version, item_id=name)

    def _flow(self, table: Table, definition: DataStructureDefinition) -> Dataflow:
        from pysdmx.model.dataflow import Dataflow

        told = self._words.rule(table)
        return Dataflow(
            id=f"DF_{self._id(table)}", name=table.spec.title[self._words.language], description=told, agency=AGENCY,
            version=self._version, structure=definition,
        )  # fmt: skip

    def _id(self, table: Table) -> str:
        return f"{self._build.name}_{table.name}".upper()


def _list_id(dimension: str) -> str:
    return f"CL_{dimension.upper()}"
