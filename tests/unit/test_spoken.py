"""Words as a voice says them."""

import pytest

from worker.domain import spoken


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("05 36 49 00 01", "05, 36, 49, 00, 01"),
        ("0536490001", "05, 36, 49, 00, 01"),
        ("05.36.49.00.01", "05, 36, 49, 00, 01"),
        ("+33 5 36 49 00 01", "05, 36, 49, 00, 01"),
        ("+33536490001", "05, 36, 49, 00, 01"),
    ],
)
def test_a_telephone_number_is_said_in_pairs(number: str, said: str) -> None:
    assert spoken.in_pairs(number) == said


def test_only_telephone_numbers_are_said_in_pairs() -> None:
    values = {"tel": "05 36 49 00 01", "quand": "aujourd'hui avant 18h", "date": "mer. 24/09"}

    assert spoken.aloud(values) == values | {"tel": "05, 36, 49, 00, 01"}


def test_a_slower_voice_takes_longer_and_pauses_count() -> None:
    lines = ["un deux trois quatre", "cinq six sept huit"]

    usual = spoken.seconds(lines, language="fr", rate_percent=100, pause_s=0)

    assert spoken.seconds(lines, language="fr", rate_percent=50, pause_s=0) == pytest.approx(2 * usual)
    assert spoken.seconds(lines, language="fr", rate_percent=100, pause_s=3) == pytest.approx(usual + 3)
