"""Alerts by e-mail (SMTP), each on a connection of its own."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from cti_client.credentials import Secret
from cti_client.dump.lines import safe
from cti_client.watch.alert import Alert, when_of
from cti_client.watch.senders import ATTEMPTS, NETWORK_S
from cti_client.watch.wording import place
from cti_schema.errors import ConfigurationError

__all__ = ["PORTS", "Mail"]

#: How a connection is secured, and the port that belongs to it.
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail.

    Attributes:
        host: of the server that takes it.
        port: its TCP port.
        security: one of `PORTS`; certificates are checked.
        sender: address that it comes from.
        to: addresses that it goes to.
        user: who logs in, or ``None`` for nobody.
        password: of the user.
    """

    host: str
    port: int
    security: str
    sender: str
    to: Sequence[str]
    user: str | None = None
    password: Secret | None = None
    attempts: int = ATTEMPTS

    def send(self, alert: Alert) -> None:
        """Send an alert."""
        try:
            server = self._connection()
            try:
                refused = server.send_message(self._message(alert), self.sender, list(self.to))
            finally:
                with suppress(OSError):  # it is sent, or not, whatever comes of saying good-bye
                    server.quit()
                server.close()
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                f"{self.host} refused the login of {self.user} ({error.smtp_code})"
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise ConfigurationError(f"{self.host}: {error}") from None
        except smtplib.SMTPRecipientsRefused as error:
            refusal = self._refusal(error.recipients)
            if all(code < 500 for code, _ in error.recipients.values()):  # as with greylisting
                raise OSError(str(refusal)) from None
            raise refusal from None
        except smtplib.SMTPResponseException as error:
            sentence = f"{self.host} answers {error.smtp_code} {_words(error.smtp_error)}"
            if error.smtp_code >= 500:
                raise ConfigurationError(sentence) from None
            raise OSError(sentence) from None
        except OSError as error:
            raise OSError(f"{self.host}: {error.strerror or error}") from None
        if refused:
            raise self._refusal(refused)

    def _connection(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=NETWORK_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=NETWORK_S)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password.reveal())
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"[{alert.severity}] {safe(alert.rule)}, {alert.state}: {place(alert)}"
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Date"] = formatdate(alert.time / 1000.0)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        lines = [alert.text, "", f"Time: {when_of(alert.time)}", f"Condition: {alert.condition}"]
        lines += [f"{name}: {value}" for name, value in alert.values.items()]
        text = "\n".join(map(safe, lines)) + "\n"
        message.set_content(text.encode("utf-8", "replace").decode())
        return message

    def _refusal(self, refused: dict[str, tuple[int, bytes]]) -> ConfigurationError:
        said = ", ".join(f"{who} ({code} {_words(why)})" for who, (code, why) in refused.items())
        return ConfigurationError(f"{self.host} does not take mail to {said}")


def _words(text: bytes | str) -> str:
    """Return what a server says, in one line."""
    return safe(" ".join((text.decode("utf-8", "replace") if isinstance(text, bytes) else text).split()))[
        :200
    ]
