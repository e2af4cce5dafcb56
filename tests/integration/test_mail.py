"""The conversation with a mail server: sign-in, certificates, what is refused before anything is sent."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.integration.postbox import Postbox, listening

from marsad.errors import PlatformFault, UsageFault
from marsad.mail import conversation
from marsad.settings import MailSettings


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Callable[..., MailSettings]]:
    """A server that wants STARTTLS and a sign-in; its certificate is nobody's the system knows."""
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    private.write_bytes(key.export_private_key("pkcs8-pem"))
    certificate.write_bytes(_self_signed(private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"marsad", b"secret"), handled=False)

    box = Postbox()
    options = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    with listening(box, **options) as port:

        def settings(password: str = "secret", ca: bool = True, scheme: str = "smtp+starttls") -> MailSettings:  # noqa: S107
            file = tmp_path / f"password-{password}"
            file.write_text(password + "\n")
            url = f"{scheme}://marsad@localhost:{port}"
            return MailSettings(url, "marsad@example.org", file, certificate if ca else None)

        settings.box = box  # type: ignore[attr-defined]
        yield settings


def _self_signed(private: Path) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = serialization.load_pem_private_key(private.read_bytes(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())  # type: ignore[arg-type]
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


def a_message() -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = "marsad@example.org", "a@example.org", "مرصد"
    message.set_content("بلاغ")
    return message


def test_a_server_with_starttls_and_sign_in_takes_a_message(secured: Callable[..., MailSettings]) -> None:
    with conversation(secured()) as outgoing:
        outgoing.send(a_message())
    (taken,) = secured.box.messages  # type: ignore[attr-defined]
    assert (taken["Subject"], taken.get_content().strip()) == ("مرصد", "بلاغ")


def test_a_wrong_password_and_an_unknown_certificate_are_our_faults(secured: Callable[..., MailSettings]) -> None:
    for settings, told in ((secured(password="no"), "user or password"), (secured(ca=False), "not trusted")):
        with pytest.raises(PlatformFault, match=told), conversation(settings):
            pass


def test_a_server_without_starttls_gets_no_password() -> None:
    with listening(Postbox()) as port:
        plain = MailSettings(f"smtp+starttls://me@127.0.0.1:{port}", "marsad@example.org")
        with pytest.raises(PlatformFault, match="STARTTLS"), conversation(plain):
            pass


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://me@mail.example", "smtps://me:secret@mail.example",
            "smtps://mail.example:99999"],
)  # fmt: skip
def test_settings_that_are_wrong_or_unsafe_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UsageFault) as fault, conversation(MailSettings(url, "marsad@example.org")):
        pass
    assert "secret" not in str(fault.value)
