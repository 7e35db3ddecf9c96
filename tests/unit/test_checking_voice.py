"""The check of what calls say."""

from pathlib import Path

import pytest

from worker.domain.channels import Capability
from worker.domain.problems import Weight
from worker.services import checking_voice
from worker.settings import Settings
from worker.settings_tables import SenderSettings, Speech

ROOT = Path(__file__).parents[2]
LONGEST = {
    "fr": {
        "bailleur": "Les Chalets",
        "tel": "05 36 49 00 01",
        "quand": "aujourd'hui avant 18h",
        "pour": "Madame Essai",
        "plusieurs": "plusieurs",
    },
    "en": {
        "bailleur": "Les Chalets",
        "tel": "05 36 49 00 01",
        "quand": "today before 18:00",
        "pour": "Mrs Essai",
        "plusieurs": "plusieurs",
    },
}
VOICE = {"fixe": SenderSettings(address="+33162000001", capability=Capability.VOICE)}


def settings_with(folder: Path, **scripts: str) -> Settings:
    """A deployment whose French scripts are those that we ship, and these."""
    for language in ("fr", "en"):
        (folder / "voice" / language).mkdir(parents=True, exist_ok=True)
        for shipped in (ROOT / "templates" / "voice" / language).iterdir():
            (folder / "voice" / language / shipped.name).write_text(shipped.read_text("utf-8"), "utf-8")
        for key, words in scripts.items():
            (folder / "voice" / language / f"{key}.txt").write_text(words, "utf-8")
    return Settings(templates_dir=folder)


def test_the_scripts_that_we_ship_are_sound_and_shorter_than_a_minute() -> None:
    scripts, problems = checking_voice.problems(Settings(templates_dir=ROOT / "templates"), LONGEST)

    assert problems == []
    assert max(script.seconds for script in scripts) < 60


@pytest.mark.parametrize(
    ("words", "said", "weight"),
    [
        ("Bonjour {{ nom }}.", "nom", Weight.ERROR),
        ("Bonjour {{ bailleur", "voice/", Weight.ERROR),
        ("bla " * 1100, "4096", Weight.ERROR),
        ("bla " * 300, "secondes", Weight.NOTICE),
        ("Allez sur www.chalets.fr.", "lien", Weight.ERROR),
        ("Payez votre loyer.", "Payez", Weight.ERROR),
        ("Tapez votre code.", "code", Weight.ERROR),
    ],
)
def test_a_script_that_must_not_be_said_is_told(tmp_path: Path, words: str, said: str, weight: Weight) -> None:
    _scripts, problems = checking_voice.problems(settings_with(tmp_path, news=words), LONGEST)

    assert {problem.weight for problem in problems if said in str(problem)} == {weight}


def test_a_missing_script_that_the_program_says_is_told(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    (tmp_path / "voice" / "fr" / "no_input.txt").unlink()

    _scripts, problems = checking_voice.problems(settings, LONGEST)

    assert ["no_input" in problem.file for problem in problems] == [True]


def test_a_script_in_one_language_only_is_told_and_stops_nothing(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, news="Bonjour.")
    (tmp_path / "voice" / "en" / "news.txt").unlink()

    _scripts, problems = checking_voice.problems(settings, LONGEST)

    assert [problem.weight for problem in problems] == [Weight.NOTICE]


def test_a_deployment_that_rings_nobody_needs_no_scripts(tmp_path: Path) -> None:
    assert checking_voice.problems(Settings(templates_dir=tmp_path), LONGEST) == ([], [])
    assert checking_voice.problems(Settings(templates_dir=tmp_path, senders=VOICE), LONGEST)[1]


def test_a_slow_voice_makes_a_script_longer(tmp_path: Path) -> None:
    usual = settings_with(tmp_path, news="bla " * 120)
    slow = usual.model_copy(update={"speech": Speech(rate_percent=50)})

    assert checking_voice.problems(usual, LONGEST)[1] == []
    assert any("secondes" in str(problem) for problem in checking_voice.problems(slow, LONGEST)[1])
