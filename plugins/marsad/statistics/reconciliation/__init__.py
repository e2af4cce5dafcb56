"""Reconciliation: figures that institutions published, held against each other and against the warehouse."""

from marsad.statistics.reconciliation.compare import reconcile
from marsad.statistics.reconciliation.contradictions import Contradiction, described, spoken
from marsad.statistics.reconciliation.figures import Figures, from_files
from marsad.statistics.reconciliation.policy import Policy, load_policy
from marsad.statistics.reconciliation.report import Table, table
from marsad.statistics.reconciliation.store import renew

__all__ = [
    "Contradiction",
    "Figures",
    "Policy",
    "Table",
    "described",
    "from_files",
    "load_policy",
    "reconcile",
    "renew",
    "spoken",
    "table",
]
