"""What a tenant, caller or operator reads is French in the source and translatable by gettext.

Wrap such text in `_("…")`. The catalogue in worker/locale/ holds the English; choose it with
COURTOISIE_LANGUAGE=en.
"""

import errno
import gettext
import os
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"


def _catalogue() -> gettext.NullTranslations:
    language = os.environ.get("COURTOISIE_LANGUAGE", "fr")
    return gettext.translation("courtoisie", LOCALE_DIR, languages=[language], fallback=True)


_translations = _catalogue()


def _(french: str) -> str:
    """The text in the language of this process; without a catalogue, the French itself."""
    return _translations.gettext(french)


def ngettext(one: str, many: str, count: int) -> str:
    """Singular or plural by the rules of the language in use. In French nothing is singular: "0 appel"."""
    if not isinstance(_translations, gettext.GNUTranslations):
        return one if abs(count) < 2 else many
    return _translations.ngettext(one, many, count)


_REASONS = {
    errno.ENOENT: _("il n'existe pas"),
    errno.EISDIR: _("c'est un dossier"),
    errno.ENOTDIR: _("le chemin passe par un fichier"),
    errno.EACCES: _("le droit manque"),
    errno.EPERM: _("le droit manque"),
    errno.EIO: _("le disque ne répond pas"),
    errno.ELOOP: _("le lien tourne en rond"),
    errno.ENAMETOOLONG: _("son nom est trop long"),
    errno.ENOSPC: _("le disque est plein"),
    errno.EROFS: _("le disque est en lecture seule"),
    errno.EADDRINUSE: _("un autre programme s'en sert"),
    errno.EADDRNOTAVAIL: _("cette adresse n'est pas à cette machine"),
}


def because(error: OSError) -> str:
    """Why the system refused, in the language of whoever reads; the system's own words where we have none."""
    return _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
