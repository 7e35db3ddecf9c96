"""Letters for an SMS: what is made plain, what loses its accent, what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import letters
from worker.domain.segments import Encoding, measure


@pytest.mark.parametrize(
    ("written", "straight"),
    [
        ("l’été", "l'été"),
        ("« bonjour »", '"bonjour"'),
        ("«\u00a0bonjour\u00a0» dit-on", '"bonjour" dit-on'),
        ("“bonjour”", '"bonjour"'),
        ("demain – ou après — enfin", "demain - ou après - enfin"),
        ("Ça va\u202f?", "Ça va ?"),
        ("10\u00a0h", "10 h"),
        ("attendez…", "attendez..."),
        ("cou\u00adper\u200b", "couper"),
        ("e\u0301te\u0301", "été"),
        ("être, ça, œuf", "être, ça, œuf"),
    ],
)
def test_signs_become_plain_and_letters_stay(written: str, straight: str) -> None:
    assert letters.straighten(written) == straight


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Françoise", "Francoise"),
        ("LEFÈVRE", "LEFEVRE"),
        ("Hélène Lefèvre", "Hélène Lefèvre"),
        ("Benoît Lhôpital", "Benoit Lhopital"),
        ("L’Œuvre", "L'OEuvre"),
        ("Noël & Zoë", "Noel & Zoe"),
        ("Łukasz", "Lukasz"),
        ("Nguyễn", "Nguyen"),
        ("n° 4", "no 4"),
        ("Мария", "?????"),
    ],
)
def test_a_name_keeps_the_letters_gsm_has_and_loses_other_accents(name: str, plain: str) -> None:
    assert letters.transliterate(name) == plain


@given(st.text())
def test_a_value_never_forces_ucs2_whatever_it_holds(value: str) -> None:
    assert measure(letters.transliterate(value)).encoding is Encoding.GSM_7


@pytest.mark.parametrize(
    ("character", "instead"),
    [
        ("ê", "e"),
        ("ç", "c"),
        ("À", "A"),
        ("œ", "oe"),
        ("’", "'"),
        ("«", '"'),
        ("…", "..."),
        ("\u00a0", " "),
        ("😀", ""),
    ],
)
def test_a_character_outside_gsm_has_its_remedy(character: str, instead: str) -> None:
    assert letters.remedy(character) == instead
