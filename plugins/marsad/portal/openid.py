"""Sign-in by OpenID Connect (authorization code with PKCE): the institution's provider vouches for an e-mail address.

An account must exist here already; the provider says who somebody is, never what they may do.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from httpx import HTTPError, InvalidURL
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from marsad.errors import PlatformFault, UsageFault
from marsad.portal.secrets_kept import Sealing
from marsad.settings import PortalSettings

_PURPOSE = "openid"
_SECONDS, _TIMEOUT, _LEEWAY = 600, 10, 60
_ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
_LOCAL = ("localhost", "127.0.0.1")


class NotVouched(Exception):
    """The provider did not say who it is, or what it said is not for us, not of now, or not its own."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it must bring back in a cookie (sealed)."""

    address: str
    cookie: str


class Voucher:
    """The provider of the settings, for the page ``back`` of ours that it returns to."""

    def __init__(self, settings: PortalSettings, sealing: Sealing, back: str) -> None:
        if settings.issuer is None:
            raise UsageFault("no OpenID provider is configured: set MARSAD_OIDC_ISSUER")
        if urlsplit(settings.issuer).scheme != "https" and urlsplit(settings.issuer).hostname not in _LOCAL:
            raise UsageFault("an OpenID provider must be reached by https")
        self._settings, self._sealing, self._issuer = settings, sealing, settings.issuer.rstrip("/")
        secret = settings.secret_file.read_text("utf-8").strip() if settings.secret_file else None
        self._client = OAuth2Client(
            settings.client, secret, scope="openid email", redirect_uri=back, code_challenge_method="S256",
            timeout=_TIMEOUT,
        )  # fmt: skip

    def begin(self) -> Begun:
        """The first step. Raises NotVouched when the provider does not answer, or not as a provider does."""
        kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24),
                "verifier": secrets.token_urlsafe(48), "at": time.time()}  # fmt: skip
        with _strange_answers():
            address, _ = self._client.create_authorization_url(
                self._known()["authorization_endpoint"], state=kept["state"], nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )  # fmt: skip
        return Begun(address, self._sealing.seal(json.dumps(kept), _PURPOSE).hex())

    def finish(self, cookie: str, state: str, code: str) -> str:
        """The second step: the e-mail address that the provider vouches for.

        Raises:
            NotVouched: it does not, or does not answer.
        """
        kept = self._kept(cookie)
        if not code or not secrets.compare_digest(kept["state"].encode(), state.encode("utf-8", "surrogatepass")):
            raise NotVouched
        with _strange_answers():
            known = self._known()
            told = self._client.fetch_token(known["token_endpoint"], code=code, code_verifier=kept["verifier"])
            return self._email(told.get("id_token"), known, kept["nonce"])

    def _email(self, token: object, known: dict[str, Any], nonce: str) -> str:
        keys = KeySet.import_key_set(cast("KeySetSerialization", self._get(known["jwks_uri"])))
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": known["issuer"]},
            aud={"essential": True, "value": self._settings.client},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
            email={"essential": True},
        )
        claims = jwt.decode(str(token), keys, algorithms=_ALGORITHMS).claims
        rules.validate(claims)
        email = claims["email"]
        if claims.get("email_verified") is not True or not isinstance(email, str) or not email.isprintable():
            raise NotVouched
        return email

    def _kept(self, cookie: str) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self._sealing.unseal(bytes.fromhex(cookie), _PURPOSE))
        except (ValueError, PlatformFault):
            raise NotVouched from None
        if time.time() - kept["at"] > _SECONDS:
            raise NotVouched
        return kept

    def _known(self) -> dict[str, Any]:
        known = self._get(f"{self._issuer}/.well-known/openid-configuration")
        if str(known.get("issuer", "")).rstrip("/") != self._issuer:
            raise NotVouched
        return known

    def _get(self, address: str) -> dict[str, Any]:
        answer = self._client.request("GET", address, withhold_token=True)
        answer.raise_for_status()
        return dict(answer.json())


@contextmanager
def _strange_answers() -> Iterator[None]:
    """No answer, no JSON, no such endpoint, keys that are none: whatever a provider says wrongly vouches for nobody."""
    try:
        yield
    except (AuthlibBaseError, JoseError, HTTPError, InvalidURL, ValueError, TypeError, LookupError, AttributeError):
        raise NotVouched from None
