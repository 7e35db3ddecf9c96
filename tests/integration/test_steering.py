"""An operator steers an event: nothing more leaves than they want, and every text and household is accounted for."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, SENDERS, Town
from worker.domain.campaigns import Exclusions, Kind, Level, Remedy
from worker.domain.errors import NotFound, Refused
from worker.domain.recipients import RecipientState
from worker.services import claims, events, steering

END = builders.campaign(
    key="canicule-fin",
    kind=Kind.ADVICE,
    level=Level.NONE,
    purpose="advice",
    sender="alpha",
    text="heat_end",
    reply_deadline=None,
    reminder_text=None,
    reminder_after=None,
    exclusions=Exclusions(opted_out=Remedy.RECORD, no_phone=Remedy.RECORD, landline_only=Remedy.RECORD),
)


def _states(town: Town, event_id: int, *states: str) -> None:
    """The event's texts, one after the other, are in these states."""
    with town.db.begin() as connection:
        for message, state in zip(town.rows("message"), states, strict=True):
            sid = f"SM{message['id']:032d}" if state in {"sent", "delivered", "undelivered"} else None
            connection.execute(
                text(
                    "UPDATE message SET state = :state, provider_sid = :sid, segments = 2, sent_at = "
                    "CASE WHEN CAST(:sid AS text) IS NOT NULL THEN CAST(:now AS timestamptz) END WHERE id = :id"
                ),
                {"state": state, "sid": sid, "now": town.now, "id": message["id"]},
            )


def _progress(town: Town, event_id: int) -> steering.Progress:
    return steering.progress(town.db, event_id, senders=SENDERS, now=town.now)


# ---- pause and cancel, exactly accounted for ---------------------------------


def test_a_cancelled_event_tells_what_was_sent_what_was_stopped_and_what_the_carrier_has(town: Town) -> None:
    for _ in range(6):
        town.household()
    event = town.open()
    _states(town, event, "queued", "queued", "sending", "unknown", "sent", "delivered")

    events.cancel(town.db, event, now=town.now)

    texts = _progress(town, event).texts
    assert (texts.sent, texts.stopped, texts.at_carrier, texts.waiting, texts.refused) == (2, 2, 2, 0, 0)


def test_a_paused_event_keeps_what_has_not_left(town: Town) -> None:
    for _ in range(3):
        town.household()
    event = town.open()
    _states(town, event, "queued", "queued", "sent")

    events.pause(town.db, event)

    progress = _progress(town, event)
    assert (progress.texts.waiting, progress.texts.sent, progress.ends_at) == (2, 1, None)


# ---- pace --------------------------------------------------------------------


def test_the_end_is_estimated_from_the_pace_and_the_length_of_the_texts(town: Town) -> None:
    for _ in range(61):
        town.household()
    event = town.open()
    _states(town, event, *["queued"] * 60, "sent")

    steering.set_pace(town.db, event, per_s=2.0)

    assert _progress(town, event).pace_per_s == 2.0
    assert _progress(town, event).ends_at == town.now + timedelta(seconds=60)


def test_without_a_pace_the_end_is_estimated_from_the_last_minute(town: Town) -> None:
    for _ in range(4):
        town.household()
    event = town.open()
    _states(town, event, "queued", "queued", "sent", "sent")
    town.now += timedelta(seconds=10)

    progress = _progress(town, event)

    assert progress.texts.sent_last_minute == 2
    assert progress.ends_at == town.now + timedelta(seconds=10)


def test_an_event_that_has_sent_nothing_yet_and_has_no_pace_has_no_estimate(town: Town) -> None:
    town.household()

    assert _progress(town, town.open()).ends_at is None


def test_zero_gives_the_senders_pace_back(town: Town) -> None:
    event = town.open()
    steering.set_pace(town.db, event, per_s=2.0)

    steering.set_pace(town.db, event, per_s=0)

    assert _progress(town, event).pace_per_s is None


def test_a_pace_is_not_negative(town: Town) -> None:
    with pytest.raises(Refused):
        steering.set_pace(town.db, town.open(), per_s=-1)


# ---- extending ---------------------------------------------------------------


def test_an_extension_moves_the_deadline_of_those_who_were_asked(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(hours=2)  # the reminder
    town.sent(event)

    steering.extend(town.db, event, by=timedelta(hours=2), now=town.now)

    assert town.recipient(home)["due_at"] == town.now + timedelta(hours=4)
    town.later(hours=3)
    assert town.state(home) == "waiting"
    town.later(hours=1)
    assert town.state(home) == "callback"


def test_an_extension_leaves_the_reminder_where_it_was(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)

    steering.extend(town.db, event, by=timedelta(hours=2), now=town.now)

    assert town.recipient(home)["due_at"] == town.now + timedelta(hours=2)


def test_an_extension_keeps_texts_useful_that_have_not_left(town: Town) -> None:
    home = town.household()
    event = town.open()
    void_at = events.get(town.db, event).void_at

    assert steering.extend(town.db, event, by=timedelta(hours=3), now=town.now) == void_at + timedelta(hours=3)

    town.now = void_at + timedelta(hours=1)
    town.sweep()
    assert [m["state"] for m in town.texts(home, "first")] == ["queued"]
    assert town.recipient(home)["due_at"] == void_at + timedelta(hours=3)


@pytest.mark.parametrize("by", [timedelta(0), timedelta(hours=-1), timedelta(days=8)])
def test_an_extension_is_some_time_and_not_for_ever(town: Town, by: timedelta) -> None:
    with pytest.raises(Refused):
        steering.extend(town.db, town.open(), by=by, now=town.now)


# ---- a late household --------------------------------------------------------


def test_a_late_household_gets_the_same_text_and_the_same_time(town: Town) -> None:
    town.household()
    event = town.open()
    town.sent(event)
    town.now += timedelta(hours=1)
    late = town.household(births=(date(1970, 1, 1),))

    added = steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)

    assert (added.new, added.state, added.reason) == (True, "waiting", None)
    assert [(m["template"], m["state"], m["due_at"]) for m in town.texts(late, "first")] == [
        ("heat_orange_check", "queued", town.now)
    ]
    town.sent(event)
    town.later(hours=4)
    assert town.state(late) == "callback"


def test_a_late_household_relies_on_a_text_that_its_number_has_had(town: Town) -> None:
    """It shares the number with one that was written to: the number is not written to twice, and time runs."""
    number = builders.mobile()
    town.household(mobiles=(number,))
    event = town.open()
    town.sent(event)
    town.now += timedelta(hours=1)
    late = town.household(mobiles=(number,))

    steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)

    assert (town.recipient(late)["contacted_at"], town.texts(late, "first")) == (town.now, [])
    town.later(hours=4)
    town.later(hours=4)
    assert town.state(late) == "callback"


def test_a_late_household_whose_number_took_no_text_is_rung_at_once(town: Town) -> None:
    number = builders.mobile()
    town.household(mobiles=(number,))
    event = town.open()
    _states(town, event, "failed")
    late = town.household(mobiles=(number,))

    steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)
    town.climb()

    assert town.state(late) == "callback"


def test_adding_twice_adds_once(town: Town) -> None:
    event = town.open()
    late = town.household()

    for new in (True, False):
        added = steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)
        assert (added.new, added.state) == (new, "waiting")

    assert len(town.texts(late, "first")) == 1


def test_a_late_household_without_a_mobile_is_rung_as_the_campaign_says(town: Town) -> None:
    event = town.open()
    late = town.household(mobiles=(), landlines=(builders.landline(),))

    added = steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)
    town.climb()

    assert added.reason == "landline_only"
    assert town.state(late) == "callback"


def test_a_late_household_that_refused_everything_is_only_recorded(town: Town) -> None:
    event = town.open()
    late = town.household()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE household SET refused_at = :now"), {"now": town.now})

    added = steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=town.now)

    assert (added.state, added.reason) == ("excluded", "refused")


def test_nobody_is_added_whose_text_would_be_void(town: Town) -> None:
    event = town.open()
    late = town.household()

    with pytest.raises(Refused, match="prolongez"):
        steering.add(town.db, event, dwelling=town.dwelling(late), desk=DESK, now=events.get(town.db, event).void_at)


def test_an_unknown_dwelling_is_told(town: Town) -> None:
    with pytest.raises(NotFound, match="D-none"):
        steering.add(town.db, town.open(), dwelling="D-none", desk=DESK, now=town.now)


# ---- the all clear -----------------------------------------------------------


def _clear(town: Town, event_id: int, end: object = END) -> steering.Cleared:
    return steering.all_clear(town.db, event_id, end=end, desk=DESK, now=town.now)  # type: ignore[arg-type]


def _end_texts(town: Town, cleared: steering.Cleared) -> set[object]:
    assert cleared.end_event_id is not None
    events.fan_out(town.db, cleared.end_event_id, desk=DESK, now=town.now)
    return {m["e164"] for m in town.rows("message") if m["event_id"] == cleared.end_event_id}


def test_an_all_clear_stops_pending_checks_and_settles_the_event(town: Town) -> None:
    asked, not_yet = town.household(), town.household()
    event = town.open()
    town.sent(event)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'queued' WHERE household_id = :id"), {"id": not_yet.id})

    cleared = _clear(town, event, end=None)

    assert (cleared.checks_stopped, cleared.texts_stopped, cleared.end_event_id) == (2, 1, None)
    assert town.account(event).reasons == {"cancelled": {"all_clear": 2}}
    assert town.account(event).unaccounted == 0
    assert events.get(town.db, event).state == "settled"
    town.later(hours=5)
    assert town.task(asked) is None


def test_calls_for_silence_alone_close_and_calls_somebody_asked_for_stay(town: Town) -> None:
    silent, asks = town.household(), town.household()
    event = town.open()
    town.sent(event)
    town.later(hours=4)
    town.reply(asks.phone, "2")

    cleared = _clear(town, event)

    assert cleared.tasks_closed == 1
    assert (town.task(silent), town.state(silent), town.recipient(silent)["reason"]) == (None, "unreached", "all_clear")
    assert town.task(asks) is not None
    assert town.state(asks) == "callback"
    assert town.account(event).unaccounted == 0


def test_a_call_that_somebody_has_in_hand_stays(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(hours=4)
    claims.next_task(town.db, caller="anne", now=town.now)

    assert _clear(town, event).tasks_closed == 0
    assert town.state(home) == "callback"


def test_a_call_for_silence_that_another_event_counts_on_stays(town: Town) -> None:
    home = town.household()
    for level, occasion in ((Level.ORANGE, "orange"), (Level.RED, "red")):
        campaign = builders.campaign(level=level)
        event = town.open(campaign, occasion)
        town.sent(event, campaign)
    town.later(hours=2)
    town.later(hours=2)

    assert _clear(town, event).tasks_closed == 0
    assert town.task(home) is not None


def test_the_last_text_goes_to_those_who_got_the_alert_and_to_nobody_else(town: Town) -> None:
    alerted, silent = town.household(), town.household()
    landline = town.household(mobiles=(), landlines=(builders.landline(),))
    event = town.open()
    town.sent(event)
    town.reply(alerted.phone, "1")
    newcomer = town.household()

    written = _end_texts(town, _clear(town, event))

    assert written == {alerted.phone, silent.phone}
    assert {landline.phone, newcomer.phone} & written == set()


def test_who_stopped_texts_gets_no_last_text_either(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.reply(home.phone, "stop")

    assert _end_texts(town, _clear(town, event)) == set()


def test_an_all_clear_said_twice_is_one(town: Town) -> None:
    town.household()
    event = town.open()
    town.sent(event)

    first, again = _clear(town, event), _clear(town, event)

    assert (first.new, again.new, again.checks_stopped) == (True, False, 0)
    assert first.end_event_id == again.end_event_id


def test_after_the_all_clear_help_is_still_heard(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    _clear(town, event)

    town.reply(home.phone, "2")

    assert town.state(home, event) == "callback"
    assert town.account(event).unaccounted == 0


# ---- what is over ------------------------------------------------------------


@pytest.mark.parametrize(
    "steer",
    [
        lambda town, event: steering.set_pace(town.db, event, per_s=1),
        lambda town, event: steering.extend(town.db, event, by=timedelta(hours=1), now=town.now),
        lambda town, event: steering.add(
            town.db, event, dwelling=town.dwelling(town.household()), desk=DESK, now=town.now
        ),
        _clear,
    ],
)
def test_a_cancelled_event_is_not_steered(town: Town, steer: object) -> None:
    event = town.open()
    events.cancel(town.db, event, now=town.now)

    with pytest.raises(Refused):
        steer(town, event)  # type: ignore[operator]
    with pytest.raises(NotFound):
        steer(town, 999)  # type: ignore[operator]
    assert town.account(event).recipients.get(RecipientState.WAITING, 0) == 0
