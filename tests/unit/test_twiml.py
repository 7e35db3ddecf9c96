"""What a call says, as the provider reads it."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from worker.domain.errors import BadDefinition
from worker.rendering import VOICE, Texts
from worker.services.speaking import PARTS, Speaker
from worker.settings_tables import Speech as Settings
from worker.twilio import twiml
from worker.twilio.twiml import Keys, Speech, Voice

TEXTS = Texts(Path(__file__).parents[2] / "templates", VOICE)
VALUES = {
    "bailleur": "Les Chalets",
    "tel": "05 36 49 00 01",
    "quand": "demain matin",
    "foyer": "une personne",
    "pour": "Madame Essai et Monsieur Essai",
    "plusieurs": "plusieurs",
}
ACTION = "https://courtoisie.invalid/hooks/twilio/voice/gather?m=1&a=2"
LEA = Voice("Polly.Lea-Neural", "fr-FR", 85, pause_s=1)
SCRIPTS = sorted((key, language) for key in TEXTS.keys() for language in TEXTS.languages(key))  # noqa: SIM118


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314  # our own document


def test_a_key_interrupts_the_words_since_they_stand_inside_the_gather() -> None:
    gather = parsed(twiml.question(Speech(("Bonjour.", "Tapez 1."), LEA), Keys(ACTION, 8)))[0]

    assert gather.tag == "Gather"
    assert [child.tag for child in gather] == ["Say", "Pause", "Say"]
    assert (gather.get("action"), gather.get("numDigits"), gather.get("timeout")) == (ACTION, "1", "8")


def test_the_question_is_repeated_and_only_its_last_silence_is_posted() -> None:
    document = parsed(twiml.question(Speech(("Tapez 1.",), LEA), Keys(ACTION, 8, repeats=2)))

    assert [gather.get("actionOnEmptyResult") for gather in document] == ["false", "false", "true"]


def test_a_hash_is_a_wrong_key_and_not_silence() -> None:
    gather = parsed(twiml.question(Speech(("Tapez 1.",), LEA), Keys(ACTION, 8)))[0]

    assert gather.get("finishOnKey") == ""


def test_the_voice_is_slow_and_french() -> None:
    say = parsed(twiml.words(Speech(("Merci.",), LEA)))[0]

    assert (say.get("voice"), say.get("language"), say[0].get("rate")) == ("Polly.Lea-Neural", "fr-FR", "85%")


def test_a_recording_is_played_in_place_of_the_text() -> None:
    recorded = Speech(("Bonjour.",), LEA, audio_url="https://exemple.invalid/a.mp3")

    assert [child.tag for child in parsed(twiml.words(recorded))] == ["Play", "Hangup"]


def test_a_transfer_shows_our_number_and_tells_how_it_ended() -> None:
    document = twiml.transfer(
        Speech(("Restez en ligne.",), LEA), number="+33536490001", caller_id="+33162000001", ring_s=25, action=ACTION
    )
    dial = parsed(document)[1]

    assert (dial.get("callerId"), dial.get("action"), dial.get("timeout")) == ("+33162000001", ACTION, "25")
    assert dial[0].text == "+33536490001"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("<Response><Say>a</Response>", "not well-formed"),
        ("<Response><Sing>a</Sing></Response>", "<Sing> in <Response>"),
        ("<Response><Say tempo='1'>a</Say></Response>", "<Say tempo>"),
        ("<Response><Gather><Dial>1</Dial></Gather></Response>", "<Dial> in <Gather>"),
        (f"<Response><Say>{'a' * 4097}</Say></Response>", "4096"),
        ("<Response>" + f"<Say>{'a' * 4000}</Say>" * 2 + "</Response>", ""),
        ("<Answer/>", "no response"),
        ("<Response>" + "<Pause/>" * 9000 + "</Response>", "longer"),
    ],
)
def test_what_the_provider_would_refuse_is_found(document: str, fault: str) -> None:
    found = twiml.faults(document)

    assert fault in " ".join(found)
    assert bool(found) is bool(fault)


@pytest.mark.parametrize(("key", "language"), SCRIPTS)
def test_every_script_becomes_a_document_without_faults(key: str, language: str) -> None:
    speaker = Speaker(TEXTS, Settings())

    asked = speaker.question(key, language=language, values=VALUES, action=ACTION)
    said = twiml.words(speaker.speech(key, language=language, values=VALUES))

    assert twiml.faults(asked) == []
    assert twiml.faults(said) == []


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_call_is_written_in_french_and_english(part: str) -> None:
    assert TEXTS.languages(part) >= {"fr", "en"}


def test_a_script_may_have_words_of_its_own_for_what_follows_a_key(tmp_path: Path) -> None:
    folder = tmp_path / "voice" / "fr"
    folder.mkdir(parents=True)
    for key, words in {"fine": "Merci.", "heat_fine": "Merci, restez au frais.", "heat": "Tapez 1."}.items():
        (folder / f"{key}.txt").write_text(words, encoding="utf-8")
    speaker = Speaker(Texts(tmp_path, VOICE), Settings())

    assert "restez au frais" in speaker.sentence("heat", "fine", language="fr", values={})
    assert "restez au frais" not in speaker.sentence("other", "fine", language="fr", values={})


def test_who_reads_another_language_hears_french() -> None:
    said = Speaker(TEXTS, Settings()).sentence("weekly_check", "fine", language="pt", values=VALUES)

    assert "Prenez soin de vous" in said
    assert 'language="fr-FR"' in said


def test_an_answering_machine_is_told_the_number_slowly_and_nothing_else() -> None:
    said = Speaker(TEXTS, Settings()).voicemail("heat_red_check", language="fr", values=VALUES, action=ACTION)

    assert "05, 36, 49, 00, 01" in said
    assert not any(word in said for word in ("canicule", "chaleur", "chaud", "âge"))


def test_accents_are_spoken_as_they_are_written() -> None:
    said = Speaker(TEXTS, Settings()).question("heat_red_check", language="fr", values=VALUES, action=ACTION)

    assert "La chaleur est extrême." in said


def test_an_unknown_script_is_named() -> None:
    with pytest.raises(BadDefinition, match=r"voice/fr/nothing\.txt"):
        Speaker(TEXTS, Settings()).question("nothing", language="fr", values=VALUES, action=ACTION)
