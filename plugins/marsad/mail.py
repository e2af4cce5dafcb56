"""Mail goes out here and nowhere else: one SMTP conversation for many messages, encrypted or on the same machine.

No mail holds a value of a person; who calls this gives feeds, periods, dates and addresses only.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from marsad.errors import MarsadError, PassingFault, PlatformFault, UsageFault
from marsad.settings import MailSettings

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HERE = ("localhost", "127.0.0.1", "::1")
_SECONDS = 30
_FINAL = 500  # RFC 5321, 4.2.1: answers from here on are final
_CLOSING = 421  # RFC 5321, 4.2.3: the server closes the connection


class RefusedAddress(UsageFault):
    """The mail server does not take mail for this address; others may go through."""


class DeferredMessage(PassingFault):
    """The mail server takes this message later (RFC 5321, 4.2.1: 4yz); others may go through now."""


class Outgoing(Protocol):
    """An open conversation."""

    def send(self, message: EmailMessage) -> None:
        """Hands one message over.

        Raises:
            RefusedAddress: its address is refused.
            DeferredMessage: it is put off.
            PassingFault: the server went away or is busy.
        """
        ...


@dataclass(slots=True)
class _Conversation:
    client: smtplib.SMTP

    def send(self, message: EmailMessage) -> None:
        try:
            self.client.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            raise _not_taken(max(code for code, _ in refusal.recipients.values())) from None
        except smtplib.SMTPDataError as answer:  # a full mailbox is told here by many (552)
            raise _not_taken(answer.smtp_code) from None
        except smtplib.SMTPSenderRefused as answer:  # for good, it is us whom the server refuses
            raise (_answered(answer) if answer.smtp_code >= _FINAL else _put_off(answer.smtp_code)) from None
        except smtplib.SMTPNotSupportedError:
            raise RefusedAddress("the mail server takes no address with letters beyond a-z") from None
        except smtplib.SMTPResponseException as answer:
            raise _answered(answer) from None
        except (smtplib.SMTPException, OSError):
            raise PassingFault("the mail server went away") from None


@contextmanager
def conversation(settings: MailSettings) -> Iterator[Outgoing]:
    """An SMTP conversation, encrypted as the address says and signed in where it names a user.

    Raises:
        UsageFault: the settings are wrong, or would send a password in clear.
        PassingFault: the server does not answer.
        PlatformFault: the server refuses the sign-in or offers no encryption.
    """
    address = _address(settings.url)
    with _faults():
        client = _connected(address, settings)
    try:
        with _faults():
            if address.scheme == "smtp+starttls":
                client.starttls(context=_trust(settings))
            if address.username:
                client.login(unquote(address.username), _password(settings))
        yield _Conversation(client)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
        client.close()


def _connected(address: SplitResult, settings: MailSettings) -> smtplib.SMTP:
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=_trust(settings))
    return smtplib.SMTP(host, port, timeout=_SECONDS)


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise PlatformFault("the mail server's certificate is not trusted; name its issuer in MARSAD_SMTP_CA") from None
    except smtplib.SMTPNotSupportedError:
        raise PlatformFault("the mail server offers no STARTTLS or no sign-in") from None
    except smtplib.SMTPAuthenticationError:
        raise PlatformFault("the mail server refuses user or password") from None
    except smtplib.SMTPResponseException as answer:
        raise _answered(answer) from None
    except (smtplib.SMTPException, OSError):
        raise PassingFault("the mail server does not answer") from None


def _address(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        sound = address.scheme in _PORTS and bool(address.hostname) and (address.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        raise UsageFault("MARSAD_SMTP_URL is no address such as smtp+starttls://user@mail.example:587")
    if address.password is not None:
        raise UsageFault(
            "MARSAD_SMTP_URL holds a password: put it into a file and name that in MARSAD_SMTP_PASSWORD_FILE"
        )
    if address.scheme == "smtp" and address.username and address.hostname not in _HERE:
        raise UsageFault("MARSAD_SMTP_URL would send a password in clear: use smtp+starttls:// or smtps://")
    return address


def _trust(settings: MailSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca:
        try:
            context.load_verify_locations(settings.ca)
        except OSError:
            raise UsageFault("the file named in MARSAD_SMTP_CA holds no certificates") from None
    return context


def _password(settings: MailSettings) -> str:
    try:
        return settings.password_file.read_text("utf-8").strip() if settings.password_file else ""
    except OSError:
        raise UsageFault("the file named in MARSAD_SMTP_PASSWORD_FILE cannot be read") from None


def _not_taken(code: int) -> MarsadError:
    return RefusedAddress(f"the mail server refuses the address ({code})") if code >= _FINAL else _put_off(code)


def _put_off(code: int) -> PassingFault:
    if code == _CLOSING:
        return PassingFault("the mail server went away")
    return DeferredMessage(f"the mail server put a message off ({code})")


def _answered(answer: smtplib.SMTPResponseException) -> MarsadError:
    """The server's text is left out: it may repeat an address."""
    kind = PlatformFault if answer.smtp_code >= _FINAL else PassingFault
    return kind(f"the mail server answers {answer.smtp_code}")
