"""What people write back, and what it must never be taken for."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.written_replies import CASES
from worker.domain import replies, reply_words
from worker.domain.replies import Intent
from worker.domain.reply_text import Phrases, either, words

WEDNESDAY = date(2026, 7, 8)


@pytest.mark.parametrize(("text", "intent"), CASES)
def test_a_reply_is_read_as_what_it_says(text: str, intent: Intent) -> None:
    assert replies.read(text, on=WEDNESDAY).intent is intent


@pytest.mark.parametrize(
    "text",
    ["  1  ", "1\n", "\t1\r\n", "\u20071", "tout va\nbien", "\ufeff1", "1\x00", "tout\u3000va bien", "\n\nOK\n\n--\n"],
)
def test_odd_spaces_do_not_hide_that_all_is_well(text: str) -> None:
    assert replies.read(text, on=WEDNESDAY).intent is Intent.OK


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200b", "️", "…", "—"])
def test_a_picture_without_words_goes_to_a_person(text: str) -> None:
    assert replies.read(text, on=WEDNESDAY).intent is Intent.UNCLEAR


@pytest.mark.parametrize(
    ("opt_out_type", "intent"),
    [("STOP", Intent.STOP), ("START", Intent.START), ("HELP", Intent.HELP), ("", Intent.OK), ("ELSE", Intent.OK)],
)
def test_what_the_provider_has_acted_on_is_read_as_the_provider_read_it(opt_out_type: str, intent: Intent) -> None:
    assert replies.read("yes", opt_out_type=opt_out_type, on=WEDNESDAY).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("oui", Intent.UNCLEAR),
        ("ok merci", Intent.UNCLEAR),
        ("bien", Intent.UNCLEAR),
        ("1", Intent.OK),
        ("tout va bien", Intent.OK),
        ("2", Intent.HELP),
    ],
)
def test_a_bare_yes_is_no_answer_to_a_text_that_did_not_ask_how_things_are(text: str, intent: Intent) -> None:
    assert replies.read(text, on=WEDNESDAY, asked=False).intent is intent


# ---- the promise: a text that is not plainly "fine" is never read as fine ----

FORMS = [text for text, intent in CASES if intent is Intent.OK]
CALLS = [text for text, intent in CASES if intent in {Intent.HELP, Intent.EMERGENCY}]
CALLS_IN_WORDS = [
    text for text in CALLS if not any(word.isdecimal() or word in {"deux", "two"} for word in words(text))
]
AWAY = [text for text, intent in CASES if intent is Intent.ABSENT]
BACK = [text for text, intent in CASES if intent is Intent.RETURN]
NEGATIONS = list(
    either("non|pas|plus|jamais|ne|n'|sans|aucun|aucune|rien|ni|guère|point|nan|no|not|never|nothing|nada|não")
)
DOUBTS = list(
    either(
        "mais|sauf|presque|peut-être|demain|hier|mal|chaud|soif|seul|seule|fatigue|fatiguée|canicule|peu|trop|assez|parfois|bof"
        "|moyen|mieux|pire|sinon|malgré|appelez|rappelez|aide|besoin|2|3|0|15|stop|arrêt|absent|vacances|retour|urgence|si|quand"
        "|pourquoi|hélas|?|€|👎|😢|🤒|douleur|médecin|fils|mari|svp|volontiers|d'accord|Paulette|Durand|étage|eau|clim|but|hot"
    )
)


def _vocabulary(*tables: Phrases) -> set[str]:
    return {word for table in tables for phrases in table.values() for phrase in phrases for word in phrase}


KNOWN = _vocabulary(reply_words.POLITE, reply_words.FINE, reply_words.YES, reply_words.FINE_ALONE)
foreign_words = st.one_of(st.sampled_from(NEGATIONS + DOUBTS), st.text(min_size=1, max_size=12)).filter(
    lambda word: bool(words(word)) and not set(words(word)) <= KNOWN and "(" not in word
)


@given(form=st.sampled_from(FORMS), extra=foreign_words, before=st.booleans())
def test_a_word_we_do_not_know_beside_fine_goes_to_a_person(form: str, extra: str, before: bool) -> None:
    text = f"{extra} {form}" if before else f"{form} {extra}"

    assert replies.read(text, on=WEDNESDAY).intent is not Intent.OK


@given(parts=st.lists(st.sampled_from(FORMS), min_size=1, max_size=4), no=st.sampled_from(NEGATIONS), data=st.data())
def test_no_text_with_a_negation_is_fine(parts: list[str], no: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(parts)))

    assert replies.read(" ".join([*parts[:place], no, *parts[place:]]), on=WEDNESDAY).intent is not Intent.OK


@given(form=st.sampled_from(FORMS + BACK), call=st.sampled_from(CALLS))
def test_a_call_for_help_is_never_hidden_by_good_news(form: str, call: str) -> None:
    heard = {replies.read(f"{form}. {call}", on=WEDNESDAY).intent, replies.read(f"{call}. {form}", on=WEDNESDAY).intent}

    assert not heard & {Intent.OK, Intent.RETURN, Intent.START, Intent.STOP}


@given(away=st.sampled_from(AWAY), call=st.sampled_from(CALLS_IN_WORDS))
def test_a_call_for_help_is_never_hidden_by_an_absence(away: str, call: str) -> None:
    heard = {replies.read(f"{away}. {call}", on=WEDNESDAY).intent, replies.read(f"{call}. {away}", on=WEDNESDAY).intent}

    assert heard <= {Intent.HELP, Intent.EMERGENCY, Intent.UNCLEAR, Intent.WRONG_NUMBER}


@given(st.lists(st.sampled_from(sorted(KNOWN)), max_size=8).map(" ".join))
def test_known_words_in_any_order_are_fine_only_with_a_known_phrase_for_it(text: str) -> None:
    if replies.read(text, on=WEDNESDAY).intent is Intent.OK:
        said = f" {' '.join(words(text))} "
        tables = (reply_words.FINE, reply_words.YES, reply_words.FINE_ALONE)

        assert any(f" {' '.join(phrase)} " in said for table in tables for found in table.values() for phrase in found)


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(text: str) -> None:
    reading = replies.read(text, on=WEDNESDAY)

    assert reading.absent_until is None or reading.intent is Intent.ABSENT


@given(case=st.sampled_from(CASES))
def test_capitals_and_missing_accents_change_nothing(case: tuple[str, Intent]) -> None:
    text, intent = case
    plain = text.translate(str.maketrans("éèêëàâîïôûùç", "eeeeaaiiouuc"))

    assert {replies.read(t, on=WEDNESDAY).intent for t in (text.upper(), text.lower(), plain)} == {intent}


@given(
    case=st.sampled_from(CASES), hidden=st.sampled_from("\u200b\u200d\u00ad\u2060\ufe0f\u200e\ufeff"), data=st.data()
)
def test_characters_nobody_sees_change_nothing(case: tuple[str, Intent], hidden: str, data: st.DataObject) -> None:
    text, intent = case
    place = data.draw(st.integers(0, len(text)))

    assert replies.read(text[:place] + hidden + text[place:], on=WEDNESDAY).intent is intent


def test_every_phrase_for_fine_is_fine_alone_and_with_any_courtesy() -> None:
    courtesies = [" ".join(p) for found in reply_words.POLITE.values() for p in found]
    statements = [" ".join(p) for t in (reply_words.FINE, reply_words.YES) for found in t.values() for p in found]

    wrong = [
        text
        for statement, courtesy in zip(statements, itertools.cycle(courtesies), strict=False)
        for text in (statement, f"{courtesy} {statement}", f"{statement}, {courtesy}")
        if replies.read(text, on=WEDNESDAY).intent is not Intent.OK
    ]
    assert wrong == []


def test_courtesies_alone_say_nothing_about_how_somebody_is() -> None:
    courtesies = [" ".join(p) for found in reply_words.POLITE.values() for p in found]

    heard = {replies.read(f"{a} {b}", on=WEDNESDAY).intent for a in courtesies for b in ("", *courtesies[::3])}

    assert heard == {Intent.UNCLEAR}


@pytest.mark.parametrize("unit", ["bien merci ", "oui ", "1 2 ", "pas la ", "jusqu'au 15 ", "stop ", "(", "é"])
def test_a_very_long_text_is_read_in_no_time(unit: str) -> None:
    assert replies.read(unit * (1600 // len(unit)) + "x", on=WEDNESDAY).intent is not Intent.OK
