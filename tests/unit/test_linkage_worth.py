"""Which pairs linkage opens: fewer kinds of keys are enough the fewer records there are, and no link is lost by it."""

from __future__ import annotations

from itertools import product

from marsad.identity.names import Hearing, load_rules
from marsad.linkage.keys import PLACES, Kind, keys
from marsad.linkage.policy import load_policy
from marsad.linkage.records import Birth, Record, skeletons
from marsad.linkage.scored import weight_of
from marsad.linkage.scoring import compare
from marsad.linkage.worth import needed, worthy
from marsad.settings import PROJECT

RULES = load_rules(PROJECT / "schemas" / "names")
HEARING = Hearing(RULES)
POLICY = load_policy(PROJECT / "schemas")
SIZES = [1_000 << doublings for doublings in range(12)]
BIRTHS = [
    None,
    Birth(1990),
    Birth(1990, 4, 13),
    Birth(1990, 4, 12),
    Birth(1991, 4, 13),
    Birth(1991, about=True),
    Birth(1971, 8, 30),
]
NAMES = [("Fatima", "El Idrissi"), ("Fatma", "Idrisi"), ("Fatima", "Naciri"), ("Idrissi", "Fatima"), ("Khadija", "")]


def bound(records: int) -> float:
    return weight_of(POLICY.thresholds.link) - weight_of(POLICY.prior.of_register(records))


def record(names: tuple[str, str], birth: Birth | None, phone: str = "") -> Record:
    given, family = map(HEARING.sounds, names)
    whole = f"{given} {family}".strip()
    return Record(given, family, whole, birth, sex="F", nationality="MAR", place="MA-04", phone=phone)


def shared(one: Record, other: Record) -> int:
    common = keys(one, skeletons(one, HEARING)) & keys(other, skeletons(other, HEARING))
    return sum({1 << PLACES[key[0]] for key in common})


def test_what_would_be_linked_is_opened_in_a_register_of_any_size() -> None:
    she = [record(NAMES[0], birth, phone) for birth, phone in product(BIRTHS[:3], ("", "12345678"))]
    others = [record(*parts) for parts in product(NAMES, BIRTHS, ("", "12345678"))]
    records = [*she, *others]
    pairs = list(product(range(len(she)), range(len(she), len(records))))
    found = list(compare(records, pairs, POLICY, RULES, bound(SIZES[0])))
    assert len(found) > len(others)
    for size in SIZES:
        worth = worthy(POLICY, bound(size))
        for pair in found:
            if pair.weight >= bound(size):
                assert shared(records[pair.left], records[pair.right]) in worth, (size, pair.levels)


def test_names_alone_are_opened_among_few_records_only() -> None:
    few, many = (worthy(POLICY, bound(size)) for size in (1_000, 1_000_000))
    assert Kind.NAME in few
    assert Kind.NAME not in many
    assert set(many) < set(few)
    assert {Kind.DATE, Kind.NUMBER} <= set(many)
    assert needed(few) == list(Kind)
    assert needed(many) == [Kind.DATE, Kind.NUMBER]


def test_a_wider_margin_opens_more() -> None:
    wider = POLICY.candidates.model_copy(update={"near": POLICY.candidates.near + 8})
    assert Kind.NAME in worthy(POLICY.model_copy(update={"candidates": wider}), bound(1_000_000))
