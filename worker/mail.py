"""The only place that knows SMTP: one mail, sent over a connection that is checked, or a word on what became of it."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from worker.domain.errors import BadDefinition
from worker.domain.referrals import SendingOutcome
from worker.i18n import _
from worker.settings_tables import Smtp

OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in plain text. key: becomes part of its Message-ID, so that two of the same are known as one."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    key: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mail. code: what the server or the network said, without an address in it."""

    outcome: SendingOutcome
    code: str = ""


class Mailer:
    """Sends through one server. Opens a connection for each mail: they are few."""

    def __init__(self, settings: Smtp, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def is_on(self) -> bool:
        """Whether a server and a sender are configured."""
        return bool(self._settings.host and self._settings.sender)

    def send(self, mail: Mail) -> Fate:
        """Sends it. REFUSED: it certainly did not leave. UNKNOWN: it may have, the server's last word is missing.

        Raises BadDefinition when no server is configured. Never called with a transaction open.
        """
        if not self.is_on:
            raise BadDefinition(_("Aucun serveur d'e-mail n'est réglé (COURTOISIE_SMTP__HOST et SMTP__SENDER)."))
        try:
            server = self._greeted()
        except (OSError, smtplib.SMTPException) as error:
            return Fate(SendingOutcome.REFUSED, _code(error))
        try:
            return self._handed(server, self._written(mail), mail.to)
        finally:
            _part(server)

    def _greeted(self) -> smtplib.SMTP:
        """A connection that is encrypted, checked and signed in as the settings say."""
        settings = self._settings
        if settings.security == "tls":
            context = self._context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout_s, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
        try:
            if settings.security == "starttls":
                server.starttls(context=self._context())
            if settings.user:
                server.login(settings.user, settings.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)

    def _handed(self, server: smtplib.SMTP, message: EmailMessage, to: str) -> Fate:
        try:
            server.ehlo_or_helo_if_needed()
            for code, _words in (server.mail(self._settings.sender), server.rcpt(to)):
                if code not in OK:
                    return Fate(SendingOutcome.REFUSED, str(code))
        except (OSError, smtplib.SMTPException) as error:
            return Fate(SendingOutcome.REFUSED, _code(error))
        try:
            code, _words = server.data(message.as_bytes())
        except smtplib.SMTPDataError as error:  # the server would not even begin
            return Fate(SendingOutcome.REFUSED, _code(error))
        except (OSError, smtplib.SMTPException) as error:
            return Fate(SendingOutcome.UNKNOWN, _code(error))
        return Fate(SendingOutcome.DONE if code in OK else SendingOutcome.REFUSED, str(code))

    def _written(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._settings.sender, mail.to, mail.subject
        message["Date"] = format_datetime(self._clock())
        domain = self._settings.sender.rpartition("@")[2].rstrip(">") or "localhost"
        message["Message-ID"] = make_msgid(idstring=mail.key, domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message


def _code(error: Exception) -> str:
    """A server's number, else the kind of failure. Never its words: they may quote an address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    return type(error).__name__


def _part(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
