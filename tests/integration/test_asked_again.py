"""Somebody who asks for a call once more is told "today" once more: whatever was planned gives way to the wish."""

from datetime import timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Level
from worker.domain.messages import Inbound
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, claims, inbound

BY = "odile"
WEEKLY = builders.campaign(level=Level.NONE)


def asked(town: Town, body: str = "2", **home: object) -> builders.Household:
    """A household that has asked for a call."""
    found = town.household(**home)
    town.sent(town.open(WEEKLY))
    town.reply(found.phone, body)
    return found


def ring(town: Town, home: builders.Household, outcome: OutcomeCode, **said: str) -> calls.Ended:
    """Somebody rings, now."""
    task = town.task(home)
    assert task is not None
    said_more = calls.Said(**said)
    return calls.record_outcome(
        town.db, int(str(task["id"])), outcome=outcome, caller=BY, note="", desk=DESK, now=town.now, said=said_more
    )


def offered(town: Town) -> int | None:
    claim = claims.next_task(town.db, caller=BY, now=town.now)
    return None if claim is None else claim.task.id


# ---- at once -----------------------------------------------------------------


@pytest.mark.parametrize("words", ["2", "malaise"])
@pytest.mark.parametrize(
    ("outcome", "said"), [(OutcomeCode.NO_ANSWER, {}), (OutcomeCode.CALL_LATER, {"at": "2026-07-10 15:00"})]
)
def test_who_asks_again_after_a_try_is_rung_at_once_not_when_the_next_try_was_planned(
    town: Town, words: str, outcome: OutcomeCode, said: dict[str, str]
) -> None:
    home = asked(town, words)
    planned = ring(town, home, outcome, **said).next_call_at
    assert planned is not None
    assert planned > town.now + timedelta(hours=2)
    town.now += timedelta(minutes=15)
    assert offered(town) is None

    town.reply(home.phone, words)

    task = town.task(home)
    assert task is not None
    assert task["not_before"] is None
    assert task["due_at"] <= town.now + timedelta(hours=2)  # type: ignore[operator]
    assert offered(town) == task["id"]


def test_a_wish_that_is_read_after_the_call_it_asked_for_moves_no_plan(town: Town) -> None:
    home = asked(town)
    second = inbound.store(town.db, Inbound("SM" + "7" * 32, home.phone, "38000", "2", town.now), now=town.now)
    assert second is not None
    town.now += timedelta(minutes=5)
    planned = ring(town, home, OutcomeCode.NO_ANSWER).next_call_at

    inbound.handle(town.reading, second, now=town.now + timedelta(minutes=1))

    task = town.task(home)
    assert task is not None
    assert task["not_before"] == planned
