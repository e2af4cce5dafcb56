"""Names of persons in Arabic and Latin script: how they sound, and how alike two of them are."""

from marsad.identity.names.hearing import Hearing
from marsad.identity.names.likeness import Likeness
from marsad.identity.names.rules import NameRules, load_rules

__all__ = ["Hearing", "Likeness", "NameRules", "load_rules"]
