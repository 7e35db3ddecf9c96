"""The call form is data; what touches health guides the call and is not kept."""

from pathlib import Path

import pytest

from tests.deployments import ROOT
from worker.catalogue import forms as files
from worker.domain import forms
from worker.domain.campaigns import Level
from worker.domain.errors import BadDefinition

SOUND = 'version = 1\nlevels = ["red"]\nopening = "o"\nadvice = "a"\nclosing = "c"\n'
SHIPPED = files.load(ROOT / "config")


def test_every_level_has_a_form_of_its_own_kind() -> None:
    assert {level: forms.fitting(SHIPPED, level).key for level in Level} == {
        Level.NONE: "courtoisie",
        Level.YELLOW: "chaleur",
        Level.ORANGE: "chaleur",
        Level.RED: "chaleur",
    }


def test_answers_about_health_are_not_kept_but_a_need_they_show_is() -> None:
    form = forms.fitting(SHIPPED, Level.RED)

    kept = forms.kept(form, {"state": ["unwell"], "pharmacy": ["delivery_needed"], "groceries": ["none"]})

    assert kept.answers == {"groceries": ["none"]}
    assert kept.needs == ("none", "delivery_needed")


def test_answers_nobody_offered_are_dropped() -> None:
    form = forms.fitting(SHIPPED, Level.RED)

    kept = forms.kept(form, {"groceries": ["<script>"], "nonsense": ["ok"]})

    assert (kept.answers, kept.needs) == ({}, ())


@pytest.mark.parametrize("form", SHIPPED, ids=lambda form: form.key)
def test_the_first_words_name_everybody(form: forms.Form) -> None:
    said = forms.opening(form, names="Mme ESSAI", caller="Lucie", landlord="Les Chalets", agency="Nord")

    assert all(word in said for word in ("Mme ESSAI", "Lucie", "Les Chalets", "Nord"))
    assert "{" not in said


def _written(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "forms"
    folder.mkdir()
    (folder / "essai.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version = ", "essai.toml"),
        ("version = 1", "questions"),
        (
            SOUND + '[[questions]]\nkey = "a"\ntext = "t"\nneeds = ["x"]\nchoices = [{ code = "y", label = "Y" }]\n',
            "a.needs nomme des réponses qui n'existent pas : x",
        ),
    ],
)
def test_a_mistake_in_a_form_is_named_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadDefinition, match=r"config/forms/essai\.toml") as refused:
        files.load(_written(tmp_path, text))

    assert told in str(refused.value)
