"""The first texts of an event leave while others are written, and whatever happens meanwhile each is owed once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import builders, waiting
from tests.integration.conftest import DESK, SENDERS, Town
from worker.services import events, steering
from worker.store import unqueued

SLICE = 2


class Stopped(Exception):
    """A process that ends here."""


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

    return events.fan_out(town.db, event, desk=DESK, now=town.now, slice_of=SLICE, queued=queued)


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

    assert not town.sweep().unopened_events, "whoever is about it has ten seconds"
    town.now += timedelta(seconds=10)
    assert town.sweep().unopened_events == [event]
    assert events.fan_out(town.db, int(str(event)), desk=DESK, now=town.now) == 0  # nobody joins

    assert len(set(_owed(town))) == len(_owed(town)) == 5
    assert not town.sweep().unopened_events


def test_two_who_queue_the_same_event_owe_nobody_two_texts(town: Town) -> None:
    def joins(event: int) -> None:
        events.fan_out(town.db, event, desk=DESK, now=town.now)

    _draw_up(town, 7, joins)

    assert len(set(_owed(town))) == len(_owed(town)) == 7


def test_cancelled_in_the_middle_all_are_accounted_for_as_stopped_and_everybody_has_an_end(town: Town) -> None:
    event = _draw_up(town, 5, lambda event: events.cancel(town.db, event, now=town.now) and None)

    assert {message["state"] for message in town.rows("message")} == {"cancelled"}
    assert {recipient["state"] for recipient in town.rows("recipient")} == {"cancelled"}
    assert _progress(town, event) == (0, 5)


def test_an_all_clear_in_the_middle_counts_each_text_that_it_stops(town: Town) -> None:
    cleared = []

    def clears(event: int) -> None:
        cleared.append(steering.all_clear(town.db, event, end=None, desk=DESK, now=town.now))

    event = _draw_up(town, 5, clears)

    assert [done.texts_stopped for done in cleared] == [5]
    assert _progress(town, event) == (0, 5)


def test_what_is_not_queued_yet_still_waits_to_leave(town: Town) -> None:
    waiting_: list[tuple[int, int]] = []
    event = _draw_up(town, 5, lambda event: waiting_.append(_progress(town, event)))

    assert [*waiting_, _progress(town, event)] == [(5, 0), (5, 0)]


def _progress(town: Town, event: int) -> tuple[int, int]:
    """Texts still to leave, and stopped."""
    texts = steering.progress(town.db, event, senders=SENDERS, now=town.now).texts
    return texts.waiting, texts.stopped


def test_who_cancels_while_a_slice_is_written_waits_for_it(town: Town) -> None:
    with pytest.raises(Stopped):
        _draw_up(town, 5, _stops)
    event = int(str(town.rows("message")[0]["event_id"]))
    cancel = threading.Thread(target=events.cancel, args=(town.db, event), kwargs={"now": town.now})
    with town.db.engine.begin() as writing:
        writing.execute(text("UPDATE unqueued SET after_id = after_id + 1"))
        cancel.start()
        waiting.until(lambda: _waits_for_a_row(town))
    cancel.join(timeout=60)

    assert {message["state"] for message in town.rows("message")} == {"cancelled"}
    assert town.rows("unqueued") == []


def test_a_text_is_not_queued_for_whom_another_ends_the_matter_meanwhile(town: Town) -> None:
    with pytest.raises(Stopped):
        _draw_up(town, 5, _stops)
    event = int(str(town.rows("message")[0]["event_id"]))
    rest = threading.Thread(target=events.fan_out, args=(town.db, event), kwargs={"desk": DESK, "now": town.now})
    last = max(int(str(recipient["id"])) for recipient in town.rows("recipient"))
    with town.db.engine.begin() as ending:
        ending.execute(text("UPDATE recipient SET state = 'unreached' WHERE id = :id"), {"id": last})
        rest.start()
        waiting.until(lambda: _waits_for_a_row(town))
    rest.join(timeout=60)

    assert len(_owed(town)) == 4
    assert last not in _owed(town)


def test_an_end_that_is_taken_back_owes_the_text_again(town: Town) -> None:
    """A caller wrote "never again" down while the texts of a new event were queued, and took it back."""
    homes = [town.household() for _ in range(4)]
    event = events.open_event(town.db, builders.campaign(), occasion="today", desk=DESK, now=town.now).event_id

    def ends(_event: int) -> None:
        _set_state(town, homes[-1], "unreached")

    _go_on(town, event, ends)
    _set_state(town, homes[-1], "waiting")
    for _again in range(2):
        with town.db.begin() as connection:
            unqueued.owe_again(connection, homes[-1].id)
    assert len(_owed(town)) == 3

    assert town.sweep().unopened_events == [event]
    events.fan_out(town.db, event, desk=DESK, now=town.now)

    assert len(set(_owed(town))) == len(_owed(town)) == 4
    with town.db.begin() as connection:
        unqueued.owe_again(connection, homes[-1].id)
    assert town.rows("unqueued") == []


def _set_state(town: Town, home: builders.Household, state: str) -> None:
    with town.db.begin() as connection:
        query = text("UPDATE recipient SET state = :state WHERE household_id = :home")
        connection.execute(query, {"state": state, "home": home.id})


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
