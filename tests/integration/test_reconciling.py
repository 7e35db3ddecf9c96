"""What our hooks never heard is asked of the provider: replies, receipts, and texts of unknown fate."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from sandbox.twilio.control import Control
from tests import builders
from tests.integration.conftest import DESK, SENDERS, Town
from tests.integration.rehearsal import TEXTS
from tests.waiting import until
from worker.domain.campaigns import Kind, Level
from worker.domain.messages import Found, Inbound, MessageState, OutgoingText, Receipt
from worker.services import inbound, receipts, reconciling, sending, shares
from worker.services.questions import PAGE
from worker.settings_tables import Twilio
from worker.store import fates, outbox
from worker.store import inbound as rows
from worker.twilio.client import Gateway

SHORT_CODE = "38000"
PHONE = "+33639980011"


@pytest.fixture
def twilio(standin: Control) -> Control:
    standin.clock(speed=0)
    standin.put_senders({"address": SHORT_CODE, "segments_per_s": 1000})
    standin.set_mix({"silent": 1})
    return standin


@pytest.fixture
def town(town: Town) -> Town:
    town.now = datetime.now(UTC)
    return town


def _gateway(twilio: Control, ahead: timedelta = timedelta(), **changes: object) -> Gateway:
    account = twilio.account()
    values = {"account_sid": account["sid"], "auth_token": SecretStr(account["token"]), "timeout_s": 1.0}
    settings = Twilio(**values | {"api_url": twilio.url} | changes)  # type: ignore[arg-type]
    return Gateway(settings, public_url="https://chalets.example", clock=lambda: datetime.now(UTC) + ahead)


@pytest.fixture
def rig(town: Town, twilio: Control) -> Iterator[reconciling.Rig]:
    gateway = _gateway(twilio)
    yield _rig(town, gateway)
    gateway.close()


def _rig(town: Town, gateway: Gateway, ahead: timedelta = timedelta()) -> reconciling.Rig:
    return reconciling.Rig(
        town.db,
        gateway,
        SENDERS,
        margin=timedelta(),
        receipt_patience=timedelta(minutes=1),
        clock=lambda: datetime.now(UTC) + ahead,
    )


def _stored(town: Town) -> list[object]:
    return [m["body"] for m in town.rows("inbound_message")]


def test_replies_of_a_long_outage_are_found_although_newer_ones_have_come_since(
    town: Town, twilio: Control, rig: reconciling.Rig
) -> None:
    twilio.inbound(PHONE, SHORT_CODE, "au secours")
    later = datetime.now(UTC) + timedelta(hours=2)
    inbound.store(town.db, Inbound("SM" + "9" * 32, PHONE, SHORT_CODE, "1", later), now=later)

    found = reconciling.fetch_missed_replies(rig)

    assert len(found) == 1
    assert sorted(map(str, _stored(town))) == ["1", "au secours"]


def test_a_reply_is_fetched_once(town: Town, twilio: Control, rig: reconciling.Rig) -> None:
    twilio.inbound(PHONE, SHORT_CODE, "1")

    fetched = [len(reconciling.fetch_missed_replies(rig)) for _ in range(2)]

    assert fetched == [1, 0]


def test_an_answer_of_the_same_second_as_its_question_is_none_to_something_older_however_late_it_is_found(
    town: Town, twilio: Control, rig: reconciling.Rig
) -> None:
    """The provider's list tells no more than the second in which it came."""
    home = town.household()
    town.open()
    twilio.inbound(home.phone, SHORT_CODE, "1")
    [heard] = twilio.messages(direction="inbound")
    with town.db.begin() as connection:
        asked = {"at": datetime.fromisoformat(heard["at"])}
        connection.execute(text("UPDATE recipient SET contacted_at = :at, due_at = CAST(:at AS timestamptz)"), asked)

    [found] = reconciling.fetch_missed_replies(rig)
    inbound.handle(town.reading, found, now=datetime.now(UTC))
    town.later(minutes=5)

    assert town.state(home) == "fine"
    assert town.rows("callback_task") == []


@pytest.mark.parametrize("behind_s", [-90, 90])
def test_when_an_answer_came_is_told_by_our_clock(town: Town, twilio: Control, behind_s: int) -> None:
    twilio.inbound(PHONE, SHORT_CODE, "1")
    came = datetime.now(UTC) - timedelta(seconds=behind_s)
    gateway = _gateway(twilio, ahead=-timedelta(seconds=behind_s))

    reconciling.fetch_missed_replies(_rig(town, gateway, ahead=-timedelta(seconds=behind_s)))
    gateway.close()

    [stored] = town.rows("inbound_message")
    assert abs(stored["received_at"] - came) < timedelta(seconds=5)  # type: ignore[operator]


def test_a_listing_that_failed_is_made_up_for_by_the_next(town: Town, twilio: Control, rig: reconciling.Rig) -> None:
    with town.db.begin() as connection:
        rows.note_listed(connection, SHORT_CODE, datetime.now(UTC) - timedelta(hours=30))
        before = rows.listed_until(connection, SHORT_CODE)
    away = _gateway(twilio, api_url="http://127.0.0.1:9")

    nothing = reconciling.fetch_missed_replies(_rig(town, away))
    away.close()
    with town.db.begin() as connection:
        after = rows.listed_until(connection, SHORT_CODE)

    assert (list(nothing), after) == ([], before)
    assert reconciling.from_when(rig, SHORT_CODE, datetime.now(UTC)) < datetime.now(UTC) - timedelta(hours=30)


def test_a_provider_that_does_not_answer_is_asked_once_a_round(town: Town, twilio: Control) -> None:
    for _home in range(3):
        town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'unknown', attempts = 1, body = 'x'")
        connection.execute(
            text("INSERT INTO attempt (message_id, started_at, finished_at) SELECT id, :at, :at FROM message"),
            {"at": town.now - timedelta(minutes=5)},
        )
    gateway = _gateway(twilio, api_url="http://127.0.0.1:9")

    with capture_logs() as logged:
        settled = reconciling.settle_unknown(_rig(town, gateway)).done
    gateway.close()

    assert settled == 0
    assert [entry["event"] for entry in logged] == ["provider_unavailable"]


def test_a_text_that_the_provider_never_had_goes_to_a_person_after_two_looks(town: Town, rig: reconciling.Rig) -> None:
    home = town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'unknown', attempts = 1, body = 'x'")
        connection.execute(
            text("INSERT INTO attempt (message_id, started_at, finished_at) SELECT id, :at, :at FROM message"),
            {"at": town.now - timedelta(minutes=5)},
        )

    settled = [reconciling.settle_unknown(rig).done for _ in range(2)]
    town.now = datetime.now(UTC)
    town.climb()

    assert settled == [0, 1]
    assert [m["state"] for m in town.texts(home, "first")] == ["failed"]
    assert town.state(home) == "callback"


def _one_unknown(town: Town, *, minutes_ago: float, body: str) -> None:
    """The first text's request ended so long ago, and nobody knows what came of it."""
    with town.db.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'unknown', attempts = 1, body = :body"), {"body": body})
        connection.execute(
            text("INSERT INTO attempt (message_id, started_at, finished_at) SELECT id, :at, :at FROM message"),
            {"at": town.now - timedelta(minutes=minutes_ago)},
        )


def _accepted_now(gateway: Gateway, number: str, body: str) -> str:
    until = datetime.now(UTC) + timedelta(hours=1)
    [result] = gateway.send(
        [OutgoingText(999, 999, number, "court", body, 1, until)], senders=SENDERS, in_flight=lambda: 1
    )
    assert result.provider_sid is not None
    return result.provider_sid


def test_a_text_the_provider_has_is_adopted(town: Town, rig: reconciling.Rig) -> None:
    home = town.household()
    town.open()
    sid = _accepted_now(rig.gateway, home.phone, "Bonjour")
    _one_unknown(town, minutes_ago=0, body="Bonjour")

    reconciling.settle_unknown(rig)

    assert [m["provider_sid"] for m in town.texts(home, "first")] == [sid]


def test_the_same_words_sent_later_are_another_text(town: Town, rig: reconciling.Rig) -> None:
    home = town.household()
    town.open()
    _accepted_now(rig.gateway, home.phone, "Bonjour")
    _one_unknown(town, minutes_ago=30, body="Bonjour")

    reconciling.settle_unknown(rig)

    assert [(m["state"], m["lookups"]) for m in town.texts(home, "first")] == [("unknown", 1)]


@pytest.mark.parametrize("ahead_s", [60, -60])
def test_a_worker_whose_clock_is_wrong_writes_to_nobody_twice(town: Town, twilio: Control, ahead_s: int) -> None:
    """The provider takes the text, and drops the connection without a word."""
    home, ahead = town.household(), timedelta(seconds=ahead_s)
    town.now += ahead
    event_id = town.open(builders.campaign(**ADVICE))
    gateway = _gateway(twilio, ahead)
    twilio.add_fault("drop_after")

    for _round in range(4):
        sending.send_batch(_sender(town, gateway, ahead), event_id)
        reconciling.settle_unknown(_rig(town, gateway, ahead))
    gateway.close()

    assert twilio.counts() == {home.phone: 1}
    assert [m["state"] for m in town.texts(home, "first")] == ["sent"]


ADVICE = {
    "kind": Kind.ADVICE,
    "reply_deadline": None,
    "reminder_text": None,
    "reminder_after": None,
    "resend_after_unknown": True,
}


def _sender(town: Town, gateway: Gateway, ahead: timedelta) -> sending.Rig:
    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    return sending.Rig(
        db=town.db,
        gateway=gateway,
        texts=TEXTS,
        senders=SENDERS,
        desk=DESK,
        share=shares.Share(town.db, gateway, "w1", most=10, clock=clock),
        batch_size=10,
        max_attempts=3,
        lease=timedelta(seconds=60),
        clock=clock,
    )


def test_with_a_clock_that_cannot_tell_nothing_is_proved_absent(town: Town, twilio: Control) -> None:
    home, ahead = town.household(), timedelta(hours=1)
    town.now += ahead
    town.open()
    gateway = _gateway(twilio, ahead)
    _one_unknown(town, minutes_ago=1, body="Bonjour")
    rig = _rig(town, gateway, ahead)

    with capture_logs() as logged:
        settled = [reconciling.settle_unknown(rig).done for _ in range(3)]
    gateway.close()

    assert settled == [0, 0, 0]
    assert [(m["state"], m["lookups"]) for m in town.texts(home, "first")] == [("unknown", 0)]
    assert [(entry["event"], round(entry["ahead_s"], -2)) for entry in logged] == [("clock_apart_from_provider", 3600)]


def test_a_text_that_a_receipt_names_as_another_message_is_not_adopted(town: Town, rig: reconciling.Rig) -> None:
    home = town.household()
    town.open()
    sid = _accepted_now(rig.gateway, home.phone, "Bonjour")
    receipts.record(town.db, [Receipt(123_456, sid, "sent", None, town.now)], now=town.now)
    _one_unknown(town, minutes_ago=0, body="Bonjour")

    reconciling.settle_unknown(rig)

    assert [m["provider_sid"] for m in town.texts(home, "first")] == [None]


def test_a_providers_id_that_is_taken_does_not_undo_the_batch(town: Town) -> None:
    first, second = town.household(), town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'sending', attempts = 1")
        ids = [int(str(town.texts(home, "first")[0]["id"])) for home in (first, second)]
        for message_id in ids:
            change = outbox.Change(message_id, MessageState.SENT, sid="SM" + "5" * 32, attempt=1)
            outbox.change(connection, [change], now=town.now)

    assert [m["state"] for home in (first, second) for m in town.texts(home, "first")] == ["sent", "sent"]


def test_a_second_request_of_unknown_fate_is_looked_for_twice_as_well(town: Town, rig: reconciling.Rig) -> None:
    """The looks for the first proved nothing about it."""
    home = town.household()
    town.open()
    _one_unknown(town, minutes_ago=30, body="Bonjour")
    [message_id] = [int(str(m["id"])) for m in town.texts(home, "first")]
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'queued', lookups = 2, looked_up_at = now()")
        outbox.start(
            connection, [(message_id, "Bonjour", 1)], lease_until=town.now, now=town.now - timedelta(minutes=5)
        )
        outbox.change(connection, [outbox.Change(message_id, MessageState.UNKNOWN, attempt=2)], now=town.now)

    settled = [reconciling.settle_unknown(rig).done for _ in range(2)]

    assert settled == [0, 1]


def test_the_last_word_is_asked_for_however_long_a_text_had_waited_to_leave(town: Town, rig: reconciling.Rig) -> None:
    """As one drawn up on Friday evening and sent on Monday."""
    home = town.household()
    town.open()
    sid = _accepted_now(rig.gateway, home.phone, "Bonjour")
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE message SET state = 'sent', provider_sid = :sid, sent_at = :sent, created_at = :drawn_up"),
            {"sid": sid, "sent": town.now - timedelta(hours=1), "drawn_up": town.now - timedelta(hours=63)},
        )

    assert reconciling.fetch_missing_receipts(rig).done == 1


def test_an_answer_that_comes_between_the_looks_is_not_undone(town: Town, rig: reconciling.Rig) -> None:
    """The second look finds the row moved on by a receipt, and leaves the household alone."""
    home = town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'unknown', attempts = 1, body = 'x', lookups = 1")
        connection.execute(
            text("INSERT INTO attempt (message_id, started_at, finished_at) SELECT id, :at, :at FROM message"),
            {"at": town.now - timedelta(minutes=5)},
        )
        [question] = fates.take_unknown(connection, before=town.now, senders=["court"], limit=1, now=town.now)
        connection.exec_driver_sql("UPDATE message SET state = 'delivered'")
        reconciling._count_miss(connection, question, town.now)
    town.climb()

    assert town.state(home) == "waiting"


def test_two_processes_that_look_at_once_ask_about_different_texts(town: Town) -> None:
    homes = [town.household() for _ in range(2 * PAGE)]
    town.open()
    _one_unknown(town, minutes_ago=5, body="Bonjour")
    asked, both = Counter[str](), threading.Barrier(2, timeout=20)

    class Slow:
        """In the gateway's place: each process has taken its page before either gets an answer."""

        def find(self, to: str, *_more: object) -> list[Found]:
            if not asked[to]:
                asked[to] += 1
                if asked.total() <= both.parties:
                    both.wait()
            else:
                asked[to] += 1
            return []

        def clock_ahead(self) -> timedelta:
            return timedelta()

    with ThreadPoolExecutor(2) as processes:
        rig = replace(_rig(town, Slow()), margin=timedelta(minutes=1))  # type: ignore[arg-type]  # in the gateway's place
        rounds = [processes.submit(reconciling.settle_unknown, rig) for _ in range(2)]
        for each in rounds:
            each.result()

    assert asked == {home.phone: 1 for home in homes}


def test_of_two_texts_with_the_same_words_only_one_is_taken_for_the_one_that_is_found(
    town: Town, rig: reconciling.Rig
) -> None:
    """Two processes settle them at the same moment."""
    home = town.household()
    town.open()
    evening = town.open(builders.campaign(level=Level.RED), occasion="evening")
    _accepted_now(rig.gateway, home.phone, "Bonjour")
    _one_unknown(town, minutes_ago=0, body="Bonjour")
    with town.db.begin() as connection:
        before = town.now + timedelta(seconds=1)
        found = fates.take_unknown(connection, before=before, senders=["court"], limit=9, now=town.now)
        [question] = [q for q in found if q.event_id != evening]
    listed = rig.gateway.find(home.phone, SHORT_CODE, town.now - timedelta(minutes=1))
    with ThreadPoolExecutor(1) as other, town.db.begin() as connection:
        fates.settle_alone(connection, home.phone)
        connection.execute(
            text("UPDATE message SET state = 'sent', provider_sid = :sid WHERE event_id = :evening"),
            {"sid": listed[0].provider_sid, "evening": evening},
        )
        settled = other.submit(reconciling._settle_one, rig, question, listed)
        until(lambda: _somebody_waits(town), why="the other process")
        connection.commit()
        settled.result()

    assert [m["state"] for m in town.texts(home, "first")] == ["unknown", "sent"]


def _somebody_waits(town: Town) -> bool:
    with town.db.begin() as connection:
        return bool(connection.execute(text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")).scalar_one())
