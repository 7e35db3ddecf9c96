"""Guards over what we ship: every text renders in each language and fits, and its key words are understood."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.deployments import ROOT
from worker.domain import replies, trust
from worker.domain.replies import Intent
from worker.domain.segments import Encoding
from worker.rendering import Texts
from worker.services import checking
from worker.settings import Settings
from worker.settings_tables import Landlord

TEXTS = Texts(ROOT / "templates")
EACH = sorted((key, language) for key in TEXTS.keys() for language in TEXTS.languages(key))  # noqa: SIM118
KEYS_OF_ANSWERS = {"1": Intent.OK, "2": Intent.HELP}
KEY_WORDS = {
    "STOP": Intent.STOP,
    "START": Intent.START,
    "DEMARRER": Intent.START,
    "CONTACT": Intent.CONTACT,
    "RETOUR": Intent.RETURN,
}


@pytest.mark.parametrize(("key", "language"), EACH)
def test_a_shipped_text_fits_one_segment_and_promises_nothing_forbidden(key: str, language: str) -> None:
    rendered = TEXTS.render(key, language=language, variables=checking.longest(Landlord(), key, language))

    assert (rendered.measured.encoding, rendered.measured.segments) == (Encoding.GSM_7, 1)
    assert trust.breaches(rendered.text) == ()
    assert not re.search(r"[{}]|\s\s", rendered.text)


def test_every_text_is_written_in_french_and_in_english() -> None:
    assert {key for key in TEXTS.keys() if TEXTS.languages(key) != {"fr", "en"}} == set()  # noqa: SIM118


def test_a_translation_uses_the_same_values_as_the_french() -> None:
    different = [key for key, language in EACH if TEXTS.variables(key, language) != TEXTS.variables(key, "fr")]

    assert different == []


@pytest.mark.parametrize("key", ["heat_orange_check", "heat_red_check", "heat_orange_oneway", "weekly_check"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_text_of_an_alert_says_whom_to_ring_in_an_emergency(key: str, language: str) -> None:
    assert re.search(r"\b15\b", TEXTS.wording(key, language))


@pytest.mark.parametrize(("key", "language"), EACH)
def test_the_words_a_text_asks_for_are_understood_when_they_come_back(key: str, language: str) -> None:
    wording = TEXTS.wording(key, language)
    asked = re.findall(r"(?:[Rr]épondez|[Rr]eply) ([A-Z]{3,}|\d)", wording) + re.findall(r"\b(\d) =", wording)

    for word in asked:
        reading = replies.read(word, on=date(2026, 8, 3))
        assert reading.intent is (KEY_WORDS | KEYS_OF_ANSWERS)[word]


def test_the_unknown_sender_learns_nothing(tmp_path: Path) -> None:
    """A wrong recipient must not learn whom we look after: no landlord, no name, no reason."""
    assert {TEXTS.variables("unknown_sender", language) for language in ("fr", "en")} == {frozenset({"tel"})}


def test_every_setting_but_the_secrets_stands_in_the_shipped_file() -> None:
    written = (ROOT / "config" / "courtoisie.toml").read_text(encoding="utf-8")
    secrets = {"database_url", "broker_url", "secret_key", "auth_token", "auth_token_secondary", "api_key_secret"}
    secrets |= {"password", "client_secret"}
    places = {"config_dir", "templates_dir"}
    settings = set(re.findall(r"^(?:# )?\[?(?:# )?([a-z_]+)", written, re.MULTILINE))

    assert _names(Settings) - secrets - places - settings == set()
    assert not secrets & settings


def _names(model: type) -> set[str]:
    """The keys of a settings model and of the tables in it."""
    names: set[str] = set()
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]
        names.add(name)
        if hasattr(field.annotation, "model_fields"):
            names |= _names(field.annotation)
    return names
