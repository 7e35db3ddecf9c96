"""The first texts of an event leave while others are written, and whatever happens meanwhile each is owed once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import builders, waiting
from tests.integration.conftest import DESK, Town
from worker.services import events, steering

SLICE = 2


class Stopped(Exception):
    """A process that ends here."""


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SLICE", SLICE)


def _draw_up(town: Town, homes: int, meanwhile: Callable[[int], None]) -> int:
    """An event over so many households; meanwhile is called after the first slice of its texts, with its id."""
    for _ in range(homes):
        town.household()
    event = events.open_event(town.db, builders.campaign(), occasion="today", desk=DESK, now=town.now).event_id
    _go_on(town, event, meanwhile)
    return event


def _go_on(town: Town, event: int, meanwhile: Callable[[int], None]) -> int:
    first = True

    def queued() -> None:
        nonlocal first
        if first:
            first = False
            meanwhile(event)

    return events.fan_out(town.db, event, desk=DESK, now=town.now, queued=queued)


def _stops(_event: int) -> None:
    raise Stopped


def _owed(town: Town) -> list[object]:
    return [message["recipient_id"] for message in town.rows("message")]


def test_all_are_in_the_account_before_the_first_text_may_leave_and_all_have_one_in_the_end(town: Town) -> None:
    seen: list[tuple[int, int]] = []
    event = _draw_up(town, 5, lambda event: seen.append((town.account(event).total, len(town.rows("message")))))

    assert seen == [(5, SLICE)]
    assert len(set(_owed(town))) == len(_owed(town)) == town.account(event).total == 5


def test_a_process_that_ends_in_the_middle_leaves_the_rest_to_another_and_nobody_is_owed_two(town: Town) -> None:
    with pytest.raises(Stopped):
        _draw_up(town, 5, _stops)
    [event] = {message["event_id"] for message in town.rows("message")}
    assert len(_owed(town)) == SLICE

    assert not town.sweep().unopened_events, "whoever is about it has a minute"
    town.now += timedelta(minutes=1)
    assert town.sweep().unopened_events == [event]
    assert events.fan_out(town.db, int(str(event)), desk=DESK, now=town.now) == 0  # nobody joins

    assert len(set(_owed(town))) == len(_owed(town)) == 5
    assert not town.sweep().unopened_events


def test_two_who_queue_the_same_event_owe_nobody_two_texts(town: Town) -> None:
    def joins(event: int) -> None:
        events.fan_out(town.db, event, desk=DESK, now=town.now)

    _draw_up(town, 7, joins)

    assert len(set(_owed(town))) == len(_owed(town)) == 7


def test_cancelled_in_the_middle_no_further_text_is_queued_and_everybody_has_an_end(town: Town) -> None:
    def cancels(event: int) -> None:
        events.cancel(town.db, event, now=town.now)

    event = _draw_up(town, 5, cancels)

    assert len(_owed(town)) == SLICE
    assert {recipient["state"] for recipient in town.rows("recipient")} == {"cancelled"}
    assert town.account(event).total == 5


def test_who_cancels_while_a_slice_is_written_is_waited_for(town: Town) -> None:
    with pytest.raises(Stopped):
        _draw_up(town, 5, _stops)
    event = int(str(town.rows("message")[0]["event_id"]))
    rest = threading.Thread(target=events.fan_out, args=(town.db, event), kwargs={"desk": DESK, "now": town.now})
    with town.db.engine.begin() as cancelling:
        cancelling.execute(text("UPDATE campaign_event SET state = 'cancelled'"))
        rest.start()
        waiting.until(lambda: _waits_for_a_row(town))
        cancelling.execute(text("UPDATE recipient SET state = 'cancelled'"))
    rest.join(timeout=60)

    assert len(_owed(town)) == SLICE


def _waits_for_a_row(town: Town) -> bool:
    with town.db.begin() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_prolonged_in_the_middle_all_texts_are_of_use_for_as_long(town: Town) -> None:
    def prolongs(event: int) -> None:
        steering.extend(town.db, event, by=timedelta(hours=1), now=town.now)

    event = _draw_up(town, 5, prolongs)

    assert {message["void_at"] for message in town.rows("message")} == {events.get(town.db, event).void_at}


def test_who_joins_in_the_middle_has_one_text(town: Town) -> None:
    def adds(event: int) -> None:
        home = town.household()
        steering.add(town.db, event, dwelling=town.dwelling(home), desk=DESK, now=town.now)

    _draw_up(town, 5, adds)

    assert len(set(_owed(town))) == len(_owed(town)) == 6


def test_two_households_with_one_number_have_one_text_also_when_it_left_in_between(town: Town) -> None:
    """The second one's slice comes when the text is with the provider: it relies on it."""
    shared = builders.mobile()
    homes = [town.household(mobiles=[shared]), town.household(), town.household(), town.household(mobiles=[shared])]
    event = events.open_event(town.db, builders.campaign(), occasion="today", desk=DESK, now=town.now).event_id
    _go_on(town, event, town.sent)
    town.sent(event)

    assert len([m for m in town.rows("message") if m["e164"] == shared]) == 1
    assert all(town.recipient(home)["contacted_at"] == town.now for home in homes)


def test_an_audience_of_nobody_is_drawn_up_and_done(town: Town) -> None:
    event = events.open_event(town.db, builders.campaign(), occasion="today", desk=DESK, now=town.now).event_id

    assert events.fan_out(town.db, event, desk=DESK, now=town.now) == 0
    assert town.rows("unqueued") == []
