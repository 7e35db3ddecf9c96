"""Filling in a text: what goes in, what comes out, what is refused and in which words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker.domain.errors import BadDefinition
from worker.rendering import Texts

Writing = Callable[..., Texts]


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    """Writes texts, given as language_key="...", and opens them."""

    def write(**files: str) -> Texts:
        for name, text in files.items():
            language, key = name.split("_", 1)
            folder = tmp_path / "templates" / "sms" / language
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{key}.txt").write_text(text, encoding="utf-8")
        return Texts(tmp_path / "templates")

    return write


def said(texts: Texts, key: str = "hello", language: str = "fr", **variables: str) -> str:
    return texts.render(key, language=language, variables=variables).text


def test_a_comment_line_and_line_ends_are_not_sent(writing: Writing) -> None:
    texts = writing(fr_hello="{# Quand ? Chaque lundi. #}\n  Bonjour,\n  ici {{ bailleur }}.  \n\n")

    assert said(texts, bailleur="Les Chalets") == "Bonjour, ici Les Chalets."


def test_quotes_and_spaces_of_the_wording_are_made_plain(writing: Writing) -> None:
    texts = writing(fr_hello="L’agence\u00a0: «\u202fappelez\u202f» – vite…")

    assert said(texts) == 'L\'agence : "appelez" - vite...'


def test_accents_of_the_wording_stay_even_when_they_cost(writing: Writing) -> None:
    texts = writing(fr_hello="Être au frais")
    rendered = texts.render("hello", language="fr", variables={})

    assert rendered.text == "Être au frais"
    assert rendered.measured.offenders == ("Ê",)


def test_accents_of_a_value_go_when_gsm_lacks_them(writing: Writing) -> None:
    assert said(writing(fr_hello="{{ nom }}"), nom="Françoise Hélène") == "Francoise Hélène"


def test_a_value_is_never_read_as_a_template_nor_as_html(writing: Writing) -> None:
    assert said(writing(fr_hello="{{ nom }}"), nom="{{ 7 * 7 }} <b>&") == "{{ 7 * 7 }} <b>&"


def test_an_untranslated_text_comes_in_french(writing: Writing) -> None:
    texts = writing(fr_hello="Bonjour", fr_bye="Au revoir", en_hello="Hello")

    assert said(texts, "hello", "en") == "Hello"
    assert said(texts, "bye", "en") == "Au revoir"
    assert said(texts, "hello", "pt") == "Bonjour"


def test_texts_tell_their_keys_languages_variables_and_wording(writing: Writing) -> None:
    texts = writing(
        fr_hello="{# dit bonjour #}Bonjour {{ nom }}, {{ jour }}", en_hello="Hello {{ nom }}", fr_bye="Salut"
    )

    assert texts.keys() == {"hello", "bye"}
    assert texts.languages("hello") == {"fr", "en"}
    assert texts.languages("nothing") == set()
    assert texts.variables("hello", "fr") == {"nom", "jour"}
    assert texts.variables("hello", "en") == {"nom"}
    assert texts.wording("hello", "fr") == "Bonjour {{ nom }}, {{ jour }}"


@pytest.mark.parametrize(
    ("wording", "variables", "message"),
    [
        (
            "Appelez {{ tel }}",
            {"bailleur": "x"},
            (
                "Texte « hello » (fr) : la variable « tel » n'a pas de valeur. Variables connues ici : bailleur. "
                "Corrigez templates/sms/fr/hello.txt."
            ),
        ),
        ("un\n{% if %}", {}, "templates/sms/fr/hello.txt:2 : modèle illisible (Expected an expression"),
        ("{{ 1 / 0 }}", {}, "templates/sms/fr/hello.txt : modèle illisible (division by zero)"),
        ("{{ ''.__class__.__mro__ }}", {}, "templates/sms/fr/hello.txt : modèle illisible (access to attribute"),
        ("{# rien #}\n", {}, "templates/sms/fr/hello.txt : le texte est vide."),
        (
            "a" * 307,
            {},
            "templates/sms/fr/hello.txt : 3 segments (307 unités en GSM-7), pas plus de 2. Raccourcissez le texte.",
        ),
        (
            "ê" + "a" * 134 + "😀",
            {},
            (
                "templates/sms/fr/hello.txt : 3 segments (137 unités en UCS-2), pas plus de 2. "
                "Remplacez « ê » par « e ». Retirez « 😀 »."
            ),
        ),
    ],
)
def test_a_text_that_cannot_be_sent_names_its_file_and_the_remedy(
    writing: Writing, wording: str, variables: dict[str, str], message: str
) -> None:
    with pytest.raises(BadDefinition) as refused:
        said(writing(fr_hello=wording), **variables)

    assert str(refused.value).startswith(message)


def test_two_segments_are_still_sent(writing: Writing) -> None:
    assert writing(fr_hello="a" * 306).render("hello", language="fr", variables={}).measured.segments == 2


@pytest.mark.parametrize("key", ["nothing", "../fr/hello", "", "hello.txt"])
def test_an_unknown_text_says_which_file_to_write(writing: Writing, key: str) -> None:
    with pytest.raises(BadDefinition, match="Texte inconnu"):
        said(writing(fr_hello="Bonjour"), key)


def test_a_file_that_is_not_utf8_is_named(writing: Writing, tmp_path: Path) -> None:
    texts = writing(fr_hello="Bonjour")
    (tmp_path / "templates/sms/fr/hello.txt").write_bytes("Été".encode("cp1252"))

    with pytest.raises(BadDefinition, match=r"templates/sms/fr/hello\.txt : modèle illisible"):
        said(texts)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match="n'existe pas"):
        Texts(tmp_path / "nowhere")


def test_the_same_values_give_the_same_rendering_object(writing: Writing) -> None:
    """A campaign says the same words to thousands: they are made once."""
    texts = writing(fr_hello="Bonjour {{ nom }}")
    first, again = (texts.render("hello", language="fr", variables={"nom": "Zoë"}) for _ in range(2))

    assert first is again


def test_prepared_texts_need_their_files_no_more_and_an_unusable_one_keeps_nobody_out(
    writing: Writing, tmp_path: Path
) -> None:
    texts = writing(fr_hello="Bonjour {{ bailleur }}", fr_broken="{% if %}")
    texts.prepare()
    (tmp_path / "templates" / "sms" / "fr" / "hello.txt").unlink()

    assert said(texts, bailleur="Les Chalets") == "Bonjour Les Chalets"
    with pytest.raises(BadDefinition, match="fr/broken"):
        said(texts, "broken")
