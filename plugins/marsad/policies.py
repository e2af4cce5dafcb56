"""Policies of ``schemas/policies``: thresholds and rules with owner and date, read strictly, each into a model.

What else stands below ``schemas`` in such a file is read the same way.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from marsad import yaml12
from marsad.errors import UsageFault


class Part(BaseModel):
    """A policy or a part of one: nothing unknown in it, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(Part):
    """How often somebody may do something in so many minutes."""

    most: Annotated[int, Field(gt=0)]
    minutes: Annotated[int, Field(gt=0)]

    @property
    def window(self) -> timedelta:
        """The minutes as a time."""
        return timedelta(minutes=self.minutes)


_Policy = TypeVar("_Policy", bound=Part)


def load(model: type[_Policy], schemas: Path, name: str, folder: str = "policies") -> _Policy:
    """The policy ``name`` of an installation. Raises UsageFault that names all that is wrong."""
    path = schemas / folder / f"{name}.yaml"
    try:
        return model.model_validate(yaml12.load(path))
    except ValidationError as error:
        places = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise UsageFault(f"{folder}/{path.name}: {'; '.join(places)}") from None
