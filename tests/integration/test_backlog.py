"""Replies that wait for long are read, however many there are and whatever became of their wake-ups."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.conftest import DESK, Town
from worker.domain.messages import Inbound
from worker.services import events, inbound


def heard(town: Town, count: int) -> list[int]:
    """So many households have answered that all is well; nobody has read it."""
    homes = [town.household() for _ in range(count)]
    town.sent(town.open())
    stored = [
        inbound.store(town.db, Inbound(f"SM{n:032d}", home.phone, "38000", "1", town.now), now=town.now)
        for n, home in enumerate(homes)
    ]
    return [inbound_id for inbound_id in stored if inbound_id is not None]


def read(town: Town) -> int:
    return inbound.read_backlog(town.reading, now=town.now)


def unread(town: Town) -> list[int]:
    with town.db.begin() as connection:
        return list(
            connection.execute(text("SELECT id FROM inbound_message WHERE read_at IS NULL ORDER BY id")).scalars()
        )


def test_a_reply_that_just_came_is_left_to_its_own_wake_up(town: Town) -> None:
    waiting = heard(town, 1)

    assert not town.sweep().unread
    assert read(town) == 0
    assert unread(town) == waiting


def test_replies_that_have_waited_are_one_wake_up_and_are_read_the_oldest_first(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "BACKLOG_ROUND", 2)
    waiting = heard(town, 3)
    town.now += inbound.UNREAD_AFTER + timedelta(seconds=1)

    assert town.sweep().unread is True
    assert read(town) == 2
    assert unread(town) == waiting[2:]
    assert read(town) == 1
    assert not town.sweep().unread


def test_who_is_woken_for_a_reply_that_is_being_read_does_not_wait_for_it(town: Town) -> None:
    [reply] = heard(town, 1)

    with town.db.engine.begin() as reading:
        reading.execute(text("SELECT 1 FROM inbound_message FOR UPDATE"))
        second = threading.Thread(target=inbound.handle, args=(town.reading, reply), kwargs={"now": town.now})
        second.start()
        second.join(timeout=60)
        assert not second.is_alive()

    assert unread(town) == [reply]


def test_who_is_woken_for_an_event_that_is_being_drawn_up_does_not_wait_for_it(town: Town) -> None:
    town.household()
    event = town.open()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE campaign_event SET state = 'planned', fanned_out_at = NULL"))
    drawn: list[int] = []

    with town.db.engine.begin() as drawing:
        drawing.execute(text("SELECT 1 FROM campaign_event FOR UPDATE"))
        second = threading.Thread(
            target=lambda: drawn.append(events.fan_out(town.db, event, desk=DESK, now=town.now)), daemon=True
        )
        second.start()
        second.join(timeout=60)
        assert drawn == [0]
