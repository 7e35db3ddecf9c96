"""The oracle is Twilio's own calculator, npm `sms-segments-calculator` 1.3.0: it gave every answer in ORACLE."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.segments import GSM_BASIC, GSM_EXTENSION, SIZES, Encoding, measure

# What is counted, text, encoding, units, segments.
ORACLE = [
    ("nothing at all", "", "GSM-7", 0, 1),
    ("160 plain letters", "a" * 160, "GSM-7", 160, 1),
    ("161 plain letters", "a" * 161, "GSM-7", 161, 2),
    ("two full parts", "a" * 306, "GSM-7", 306, 2),
    ("one more than two full parts", "a" * 307, "GSM-7", 307, 3),
    ("line breaks and quotes", "l'un\n\"l'autre\"\r\n", "GSM-7", 16, 1),
    ("a form feed is an extension", "\f", "GSM-7", 2, 1),
    ("every accented letter of GSM-7", "àäåæèéìñòöøùüßÄÅÆÇÉÑÖØÜ" * 6, "GSM-7", 138, 1),
    ("Greek capitals", "ΓΔΘΛΞΠΣΦΨΩ", "GSM-7", 10, 1),
    ("the euro counts two", "€", "GSM-7", 2, 1),
    ("80 euros fill one text", "€" * 80, "GSM-7", 160, 1),
    ("81 euros", "€" * 81, "GSM-7", 162, 2),
    ("all extensions", "^{}\\[~]|€", "GSM-7", 18, 1),
    ("an escape pair across the single limit", "a" * 159 + "€", "GSM-7", 161, 2),
    ("an escape pair that would straddle the part moves whole", "a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2),
    ("an escape pair that just fits the part", "a" * 151 + "€" + "a" * 10, "GSM-7", 163, 2),
    ("pairs that each lose one place in a part", "a" * 152 + "[" + "a" * 151, "GSM-7", 305, 2),
    ("the lost places cost a third part", "a" * 152 + "[" + "a" * 150 + "]", "GSM-7", 306, 3),
    ("small c cedilla is not GSM-7", "ça", "UCS-2", 2, 1),
    ("circumflex", "être", "UCS-2", 4, 1),
    ("typographic quote", "l’été", "UCS-2", 5, 1),
    ("70 UCS-2 units", "ê" * 70, "UCS-2", 70, 1),
    ("71 UCS-2 units", "ê" * 71, "UCS-2", 71, 2),
    ("134 UCS-2 units", "ê" * 134, "UCS-2", 134, 2),
    ("135 UCS-2 units", "ê" * 135, "UCS-2", 135, 3),
    ("an extension counts one in UCS-2", "ê" + "€" * 69, "UCS-2", 70, 1),
    ("35 emoji fill one text", "😀" * 35, "UCS-2", 70, 1),
    ("36 emoji: 33 to a part", "😀" * 36, "UCS-2", 72, 2),
    ("67 emoji need three parts, not two", "😀" * 67, "UCS-2", 134, 3),
    ("a surrogate pair that would straddle the part moves whole", "ê" * 66 + "😀" + "ê" * 66, "UCS-2", 134, 3),
    ("a surrogate pair that just fits the part", "ê" * 65 + "😀" + "ê" * 67, "UCS-2", 134, 2),
    ("an accent apart stays with its letter", "a" * 66 + "e\u0301" + "a" * 66, "UCS-2", 134, 3),
    ("a flag stays whole", "ê" * 65 + "🇫🇷" + "ê" * 65, "UCS-2", 134, 3),
    ("a family stays whole", "ê" * 60 + "👨\u200d👩\u200d👧" + "ê" * 66, "UCS-2", 134, 3),
    ("a skin tone stays with its hand", "ê" * 65 + "👍🏽" + "ê" * 66, "UCS-2", 135, 3),
    ("our own sentence", "À bientôt, restez au frais.", "UCS-2", 27, 1),
]

BASIC = st.text(st.sampled_from(sorted(GSM_BASIC)), max_size=400)
GSM = st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION)), max_size=400)
# No combining marks, joiners or lone surrogates: each character stands alone, so parts can be filled by hand.
APART = st.text(st.sampled_from("aéê’€[日ß😀👍𝄞"), min_size=1, max_size=250)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"), [row[1:] for row in ORACLE], ids=[row[0] for row in ORACLE]
)
def test_a_text_is_counted_as_twilio_counts_it(text: str, encoding: str, units: int, segments: int) -> None:
    measured = measure(text)

    assert (measured.encoding, measured.units, measured.segments) == (encoding, units, segments)


def test_each_character_that_forces_ucs2_is_named_once_in_order() -> None:
    assert measure("Être à l’hôpital, être là").offenders == ("Ê", "’", "ô", "ê")


@given(GSM)
def test_gsm_letters_never_force_ucs2(text: str) -> None:
    measured = measure(text)

    assert (measured.encoding, measured.offenders) == (Encoding.GSM_7, ())
    assert measured.units == len(text) + sum(c in GSM_EXTENSION for c in text)


@given(BASIC)
def test_without_extensions_counting_is_dividing(text: str) -> None:
    size = SIZES[Encoding.GSM_7]
    expected = 1 if len(text) <= size.single else -(-len(text) // size.part)

    assert measure(text).segments == expected


@given(APART)
def test_units_are_what_the_encoder_makes_of_the_text(text: str) -> None:
    measured = measure(text + "ê")

    assert measured.units == len((text + "ê").encode("utf-16-le")) // 2


@given(st.one_of(GSM, APART))
def test_parts_filled_character_by_character_are_as_many(text: str) -> None:
    measured = measure(text)
    size = SIZES[measured.encoding]
    two = GSM_EXTENSION if measured.encoding is Encoding.GSM_7 else {c for c in text if c > "\uffff"}
    parts = [0]
    for width in (2 if c in two else 1 for c in text):
        if parts[-1] + width > size.part:
            parts.append(0)
        parts[-1] += width

    assert measured.segments == (1 if measured.units <= size.single else len(parts))


@given(APART, APART)
def test_a_longer_text_never_has_fewer_segments(text: str, more: str) -> None:
    assert measure(text + "ê" + more).segments >= measure(text + "ê").segments
