"""What a stolen table of passwords costs to try (tests of the pages hash more cheaply)."""

from __future__ import annotations

from marsad.portal.secrets_kept import hash_password, password_fits


def test_passwords_are_hashed_at_the_cost_that_rfc_9106_asks_where_memory_is_short() -> None:
    assert hash_password("une phrase de quelques mots").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_only_the_password_itself_fits() -> None:
    known = hash_password("une phrase de quelques mots")
    assert password_fits("une phrase de quelques mots", known)
    assert not password_fits("une phrase de quelques mot", known)
    assert not password_fits("une phrase de quelques mots", None)
    assert not password_fits("une phrase de quelques mots", "no hash")
