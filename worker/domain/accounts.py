"""Accounts of callers and operators: what a login and a password may be, and how wrong tries slow the next one."""

import re
from datetime import timedelta

from worker.domain.errors import Refused
from worker.i18n import _

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
# NIST SP 800-63B: length counts, rules of composition do not. The upper end bounds the work of hashing.
PASSWORD_LEAST, PASSWORD_MOST = 12, 256
EASY = frozenset({"password", "motdepasse", "courtoisie", "azertyuiop", "qwertyuiop", "123456789", "chalets"})

# A person mistypes; a machine guesses. Counted over a day for an account, and for an address, behind which a whole
# agency may sit.
FREE_TRIES = {"login": 5, "address": 50}
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


def login(typed: str) -> str:
    """A login as it is kept: lower case. Raises Refused for one that cannot be a login."""
    folded = typed.strip().lower()
    if not LOGIN.fullmatch(folded):
        raise Refused(_("Un identifiant a de 2 à 64 signes : lettres sans accent, chiffres, point, tiret, @ ou +."))
    return folded


def check_password(password: str, *, login: str) -> None:
    """Raises Refused for a password that is too short, too long, or the first one anybody would guess."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise Refused(
            _("Le mot de passe doit avoir de {least} à {most} signes.").format(least=PASSWORD_LEAST, most=PASSWORD_MOST)
        )
    if _is_easy(password.lower(), login):
        raise Refused(_("Ce mot de passe se devine trop vite : prenez plusieurs mots sans rapport entre eux."))


def _is_easy(password: str, login: str) -> bool:
    letters = re.sub(r"[\W\d_]+", "", password)
    return len(set(password)) < 5 or not letters or letters in EASY or login in password


def wait_after(failures: int, *, kind: str) -> timedelta:
    """How long the next try must wait after so many failures. kind: "login" or "address".

    Doubles from half a minute to a quarter of an hour, and never locks for good: else anybody could lock anybody out.
    """
    beyond = failures - FREE_TRIES[kind]
    if beyond < 0:
        return timedelta()
    return min(FIRST_WAIT * (1 << min(beyond, 16)), LONGEST_WAIT)
