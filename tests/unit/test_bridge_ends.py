"""How a bridged call ended, by the provider's own records of its two sides."""

import pytest

from worker.domain import bridges
from worker.domain.bridges import BridgeEnd

# The caller's own side, the household's (None: no record), what it came to (None: it goes on, or nothing is known).
RECORDS = [
    ("completed", "completed", BridgeEnd.TALKED),
    (None, "completed", BridgeEnd.TALKED),
    ("completed", "busy", BridgeEnd.BUSY),
    ("completed", "no-answer", BridgeEnd.NO_ANSWER),
    ("completed", "canceled", BridgeEnd.FAILED),
    ("completed", "failed", BridgeEnd.FAILED),
    ("in-progress", "ringing", None),
    ("in-progress", "in-progress", None),
    ("completed", "a word of tomorrow", None),
    ("in-progress", None, None),
    ("queued", None, None),
    ("completed", None, BridgeEnd.NOT_CONNECTED),
    ("busy", None, BridgeEnd.NOT_PICKED_UP),
    ("no-answer", None, BridgeEnd.NOT_PICKED_UP),
    ("failed", None, BridgeEnd.NOT_PICKED_UP),
    ("canceled", None, BridgeEnd.NOT_PICKED_UP),
    (None, None, None),
]


@pytest.mark.parametrize(("own", "household", "end"), RECORDS)
def test_the_households_side_decides_and_the_callers_own_where_there_is_none(
    own: str | None, household: str | None, end: BridgeEnd | None
) -> None:
    assert bridges.end_on_record(own, household, connected=household is not None) is end


def test_a_household_that_was_not_rung_although_a_key_was_pressed_was_not_reached() -> None:
    assert bridges.end_on_record("completed", None, connected=True) is BridgeEnd.FAILED
