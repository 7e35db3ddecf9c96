"""What a tenant, caller or operator reads is French in the source and translatable by gettext.

Wrap such text in `_("…")`. The catalogue in worker/locale/ holds the English; choose it with
COURTOISIE_LANGUAGE=en.
"""

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
    """Singular or plural by the rules of the language in use."""
    return _translations.ngettext(one, many, count)
