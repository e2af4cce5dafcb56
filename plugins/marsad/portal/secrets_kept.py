"""What signing in rests on: passwords as argon2id, tokens as SHA-256, seeds of one-time codes sealed with one key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from marsad import durable
from marsad.errors import PlatformFault

_KEY = "sealing.key"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_STEP = 30  # seconds, RFC 6238
_DRIFT = 1  # steps that a telephone's clock may be off

_HASHER = PasswordHasher()  # RFC 9106, low memory
# Verified when nobody has the address that was given, so that this takes as long as a wrong password.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """``password`` as argon2id."""
    return _HASHER.hash(password)


def password_fits(password: str, known: str | None) -> bool:
    """Whether ``password`` is the one that was hashed; takes as long when there is none (None)."""
    try:
        return _HASHER.verify(known or _NOBODY, password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    """A random token of 256 bits for a cookie or an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def form_token(token: str) -> str:
    """What every form must send back: follows from the cookie's token, and nobody else can know it."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


class Sealing:
    """Seals the seeds of one-time codes (AES-GCM-SIV, bound to the account); the key lies in ``keys/portal``."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCMSIV(key)

    @classmethod
    def open(cls, folder: Path) -> Sealing:
        """The sealing key under ``folder``, made if there is none.

        Raises:
            PlatformFault: it is damaged, or the folder cannot be written.
        """
        path = folder / _KEY
        with durable.os_faults("opening the portal's key"):
            durable.private_folder(folder)
            with durable.locked(folder / ".lock"):
                if not path.exists():
                    durable.write_whole(path, secrets.token_bytes(_KEY_BYTES))
                key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise PlatformFault("the portal's sealing key is damaged")
        return cls(key)

    def seal(self, text: str, account_id: str) -> bytes:
        """``text`` as nonce and ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), account_id.encode())

    def unseal(self, sealed: bytes, account_id: str) -> str:
        """The text that was sealed for this account.

        Raises:
            PlatformFault: with another key, or for another account.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise PlatformFault("a seed of one-time codes was sealed with another key") from None


def new_seed() -> str:
    """A seed of one-time codes (base32)."""
    return pyotp.random_base32()


def code_address(seed: str, email: str) -> str:
    """What an authenticator app reads from the square code."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name="Marsad")


def code_step(code: str, seed: str, at: datetime, last: int | None) -> int | None:
    """The time step whose code was given; None when it is wrong or was used before (RFC 6238, 5.2)."""
    now = int(at.timestamp()) // _STEP
    digits = code.replace(" ", "")
    fitting = [s for s in range(now - _DRIFT, now + _DRIFT + 1) if _same(pyotp.TOTP(seed).generate_otp(s), digits)]
    fresh = [step for step in fitting if last is None or step > last]
    return fresh[0] if fresh else None


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogatepass"))
