"""Which passwords are taken: long ones, typed the same twice, that are not the e-mail address (NIST SP 800-63B)."""

from __future__ import annotations

from marsad.portal.policy import Policy

_LONGEST = 200
_DISTINCT = 5  # different characters at least: "aaaaaaaaaaaa" is long and nothing else


def weakness(password: str, again: str, email: str, policy: Policy) -> tuple[str, dict[str, int]] | None:
    """The word that says what is wrong with a new password, with its parameters; None when it is good."""
    least = policy.password_characters
    if not least <= len(password) <= _LONGEST:
        return "password.short", {"least": least}
    if password != again:
        return "password.differ", {}
    guessable = email.partition("@")[0].lower() in password.lower() and len(password) < least + len(email)
    if guessable or len(set(password)) < _DISTINCT:
        return "password.guessable", {}
    return None
