"""The checker of the fault runs: on sound evidence it says nothing, and each planted breach is told by its promise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.chaos import promises, verdicts
from sandbox.chaos.evidence import (
    Accepted,
    Books,
    Called,
    Event,
    Evidence,
    Heard,
    Journal,
    Key,
    Message,
    Recipient,
    Request,
    Stored,
    Terms,
    journal,
)

NOON = datetime(2026, 7, 8, 12, 0, tzinfo=UTC)
FINE_NUMBER, SILENT_NUMBER, LANDLINE = "+33600000001", "+33600000002", "+33536490001"


def _accepted(message_id: int, to: str, sid: str, campaign: str = "c001") -> Accepted:
    return Accepted(sid, to, campaign, "1", message_id, NOON, NOON, 60.0, "delivered")


FINE = Recipient(1, "c001", "D1", FINE_NUMBER, "fine", "replied", None, None, None)
SILENT = Recipient(2, "c001", "D2", SILENT_NUMBER, "callback", "no_reply", None, "open", ["no_reply"])
RUNG = Recipient(9, "c001", "D9", None, "fine", "replied", None, None, None, landline=LANDLINE)
# The second campaign is advice, to one household.
TOLD = Recipient(4, "c002", "D2", SILENT_NUMBER, "informed", "delivered", None, None, None)
SOUND = Evidence(
    terms={
        "c001": Terms(frozenset({"D1", "D2", "D9"}), 60.0, (NOON - timedelta(hours=1), NOON + timedelta(hours=1))),
        "c002": Terms(frozenset({"D2"})),
    },
    opened=frozenset({"c001", "c002"}),
    books=Books(
        NOON + timedelta(hours=1),
        (
            Event(1, "c001", "check_in", "settled", NOON + timedelta(minutes=5), NOON),
            Event(2, "c002", "advice", "settled", NOON + timedelta(minutes=5), NOON),
        ),
        (FINE, SILENT, RUNG, TOLD),
        (
            Message(1, "c001", FINE_NUMBER, "first", "delivered", "SM1"),
            Message(2, "c001", SILENT_NUMBER, "first", "delivered", "SM2"),
            Message(9, "c001", LANDLINE, "voice", "delivered", "CA9", "voice"),
            Message(4, "c002", SILENT_NUMBER, "first", "delivered", "SM4"),
        ),
        (Stored("SM9", FINE_NUMBER, NOON), Stored("CA9.0", LANDLINE, NOON)),
    ),
    journal=Journal(
        (
            _accepted(1, FINE_NUMBER, "SM1"),
            _accepted(2, SILENT_NUMBER, "SM2"),
            _accepted(4, SILENT_NUMBER, "SM4", "c002"),
        ),
        (Heard("SM9", FINE_NUMBER, "1", NOON + timedelta(seconds=5), NOON + timedelta(seconds=6)),),
        (Called("CA9", LANDLINE, 9, 90, "completed"),),
        (Key("CA9", "1", NOON),),
    ),
    fine=frozenset({"1"}),
    said_by_report={"c001": {"fine": 2, "callback": 1, "waiting": 0}, "c002": {"informed": 1}},
)


def _rows(evidence: Evidence, **changes: object) -> Evidence:
    return replace(evidence, books=replace(evidence.books, **changes))


def _people(*recipients: Recipient) -> Callable[[Evidence], Evidence]:
    return lambda evidence: _rows(evidence, recipients=(*recipients, RUNG, TOLD))


def _texts(*messages: Message) -> Callable[[Evidence], Evidence]:
    return lambda evidence: _rows(evidence, messages=(*messages, CALL, ADVICE))


def _taken(**changes: object) -> Callable[[Evidence], Evidence]:
    """The first text as the provider took it, changed."""

    def spoil(evidence: Evidence) -> Evidence:
        first, *rest = evidence.journal.accepted
        return replace(evidence, journal=replace(evidence.journal, accepted=(replace(first, **changes), *rest)))

    return spoil


def _taken_again(**changes: object) -> Callable[[Evidence], Evidence]:
    def spoil(evidence: Evidence) -> Evidence:
        again = replace(evidence.journal.accepted[0], sid="SM3", **changes)
        return replace(evidence, journal=replace(evidence.journal, accepted=(*evidence.journal.accepted, again)))

    return spoil


def _rung(*calls: Called) -> Callable[[Evidence], Evidence]:
    """More calls than there should be."""
    return lambda e: replace(e, journal=replace(e.journal, called=(*e.journal.called, *calls)))


def _rung_again(message_id: int = 9, *, claimed_s: float = 30, key: str = "1") -> Callable[[Evidence], Evidence]:
    """The household pressed a key and is rung once more, in its own event or in another; claimed so late."""

    def spoil(evidence: Evidence) -> Evidence:
        other = Message(8, "c002", LANDLINE, "voice", "delivered", "CA8", "voice")
        claims = (
            Request(90, 9, "accepted", NOON),
            Request(91, message_id, "accepted", NOON + timedelta(seconds=claimed_s)),
        )
        known = _rows(evidence, messages=(*evidence.books.messages, other), requests=claims)
        pressed = replace(known, journal=replace(known.journal, keys=(Key("CA9", key, NOON),)))
        return _rung(Called("CA8", LANDLINE, message_id, 91, "completed"))(pressed)

    return spoil


def _event(state: str) -> Callable[[Evidence], Evidence]:
    return lambda e: _rows(e, events=(replace(e.books.events[0], state=state), *e.books.events[1:]))


ONE, TWO, CALL, ADVICE = SOUND.books.messages
SILENCED = replace(FINE, contacted_at=NOON, task_state="cancelled", task_reasons=["no_reply"])
AFTER_THE_DEADLINE = NOON + timedelta(seconds=61)
ON_THE_LIST = replace(FINE, state="callback", reason="no_reply", task_state="open", task_reasons=["no_reply"])
PLANTED: list[tuple[str, str, Callable[[Evidence], Evidence]]] = [
    ("accepted_once", "the same text twice", _taken_again()),
    ("accepted_once", "twice under one id, in other words", _taken_again(campaign="", step="")),
    ("accepted_once", "twice under two ids", _taken_again(message_id=3)),
    ("rung_once", "the same try twice", _rung(Called("CA8", LANDLINE, 9, 90, "busy"))),
    ("rung_once", "a call of no message", _rung(Called("CA8", LANDLINE, 8, 80, "busy"))),
    ("rung_once", "too often in an event", _rung(*(Called(f"CA{n}", LANDLINE, 9, n, "busy") for n in (10, 11, 12)))),
    ("rung_once", "again after its answer", _rung_again()),
    ("rung_once", "after it refused calls, in another event", _rung_again(8, key="9")),
    ("no_key_is_lost", "a key not stored", lambda e: _rows(e, stored=(Stored("SM9", FINE_NUMBER, NOON),))),
    (
        "who_pressed_1_is_left_in_peace",
        "rung all the same",
        lambda e: _rows(
            e,
            recipients=(FINE, SILENT, replace(RUNG, state="callback", task_state="open", task_reasons=["call_no_key"])),
        ),
    ),
    ("everyone_has_one_place", "a deleted row", _people(FINE)),
    ("everyone_has_one_place", "a row twice", _people(FINE, SILENT, replace(SILENT, id=3))),
    ("everyone_has_one_place", "a stranger", _people(FINE, SILENT, replace(SILENT, id=3, dwelling="D3"))),
    ("everyone_is_accounted_for", "an unheard-of state", _people(replace(FINE, state="lost"), SILENT)),
    ("everyone_is_accounted_for", "waiting without a time", _people(replace(FINE, state="waiting"), SILENT)),
    (
        "everyone_is_accounted_for",
        "waiting in an event that is over",
        _people(replace(FINE, state="waiting", due_at=NOON), SILENT),
    ),
    ("everyone_is_accounted_for", "a call nobody owes", _people(FINE, replace(SILENT, task_state=None))),
    ("everyone_is_accounted_for", "a call already closed", _people(FINE, replace(SILENT, task_state="done"))),
    ("no_opening_is_lost", "an opening forgotten", lambda e: replace(e, opened=frozenset({"c001", "c003"}))),
    ("no_reply_is_lost", "a reply not stored", lambda e: _rows(e, stored=())),
    ("no_reply_is_lost", "a reply not read", lambda e: _rows(e, stored=(Stored("SM9", FINE_NUMBER, None),))),
    ("the_fine_are_left_in_peace", "rung for silence all the same", _people(ON_THE_LIST, SILENT)),
    (
        "the_fine_are_left_in_peace",
        "on the list for a moment, with the answer in our hands",
        _people(replace(SILENCED, task_created_at=AFTER_THE_DEADLINE), SILENT),
    ),
    (
        "the_fine_are_left_in_peace",
        "the same, on the call of an older event",
        _people(replace(SILENCED, task_created_at=NOON - timedelta(hours=1)), SILENT),
    ),
    (
        "the_silent_are_rung",
        "silence taken for well-being",
        _people(FINE, replace(SILENT, state="fine", reason=None, task_state=None)),
    ),
    (
        "nobody_waits_past_the_deadline",
        "a clock that never started",
        _people(replace(FINE, state="waiting", due_at=NOON), SILENT),
    ),
    ("nothing_left_after_its_time", "a text after its void time", _taken(asked=NOON + timedelta(minutes=6))),
    ("nothing_left_after_its_time", "a text outside its window", _taken(asked=NOON - timedelta(hours=2))),
    ("nothing_left_after_its_time", "a text that may arrive too late", _taken(validity_s=36000.0)),
    ("who_is_informed_had_the_text", "a text that never left", _people(FINE, replace(TOLD, number=FINE_NUMBER))),
    ("both_sides_agree", "a text not on the books", _texts(ONE)),
    ("both_sides_agree", "another id on the books", _texts(replace(ONE, sid="SM7"), TWO)),
    ("both_sides_agree", "another fate on the books", _texts(replace(ONE, state="undelivered"), TWO)),
    (
        "both_sides_agree",
        "a text said to have left",
        _texts(ONE, TWO, Message(3, "c001", "+1", "first", "sent", "SM3")),
    ),
    ("all_has_come_to_an_end", "an event under way", _event("running")),
    (
        "all_has_come_to_an_end",
        "a text of unknown fate",
        _texts(ONE, TWO, Message(3, None, "+1", "ack", "unknown", None)),
    ),
    ("all_has_come_to_an_end", "somebody who waits", _people(replace(FINE, state="waiting", due_at=NOON), SILENT)),
    ("the_account_adds_up", "one household short", _people(FINE)),
    (
        "the_account_adds_up",
        "another account in the report",
        lambda e: replace(e, said_by_report={"c001": {"fine": 3}}),
    ),
]


@pytest.mark.parametrize("promise", promises.EVERY)
def test_sound_evidence_breaks_no_promise(promise: str) -> None:
    verdict = promises.EVERY[promise](SOUND)

    assert verdict.wrong == ()
    assert verdict.looked_at > 0


@pytest.mark.parametrize(("promise", "what", "plant"), PLANTED)
def test_a_planted_breach_is_told(promise: str, what: str, plant: Callable[[Evidence], Evidence]) -> None:
    assert promises.EVERY[promise](plant(SOUND)).wrong


def test_a_breach_is_planted_for_every_promise() -> None:
    assert {promise for promise, _, _ in PLANTED} == set(promises.EVERY)


def test_every_promise_has_its_sentence_on_the_screen() -> None:
    assert set(verdicts.SENTENCES) == {*promises.EVERY, promises.nothing_goes_back.__name__}


@pytest.mark.parametrize(
    "after",
    [_people(FINE), _texts(replace(ONE, state="sent"), TWO), _texts(ONE)],
    ids=["a row that vanished", "a text that left its final state", "a text that vanished"],
)
def test_going_back_between_two_looks_is_told(after: Callable[[Evidence], Evidence]) -> None:
    assert promises.nothing_goes_back(SOUND, SOUND).wrong == ()
    assert promises.nothing_goes_back(SOUND, after(SOUND)).wrong


@pytest.mark.parametrize(("channel", "broken"), [("voice", False), ("sms", True)])
def test_a_late_key_makes_an_answered_call_of_one_that_was_over_and_no_word_does_so_to_a_text(
    channel: str, broken: bool
) -> None:
    over = _texts(ONE, replace(TWO, channel=channel, state="undelivered"))(SOUND)

    assert bool(promises.nothing_goes_back(over, _texts(ONE, replace(TWO, channel=channel))(SOUND)).wrong) is broken


def test_who_answered_too_late_or_unclearly_may_be_on_the_list() -> None:
    late = Journal(SOUND.journal.accepted, (Heard("SM9", FINE_NUMBER, "1", NOON + timedelta(minutes=2)),))
    unclear = Journal(SOUND.journal.accepted, (Heard("SM9", FINE_NUMBER, "Qui ?", NOON + timedelta(seconds=5)),))

    for heard in (late, unclear):
        listed = replace(_people(ON_THE_LIST, SILENT)(SOUND), journal=heard)
        assert promises.the_fine_are_left_in_peace(listed).wrong == ()


@pytest.mark.parametrize(
    ("kept_at_s", "read_at_s", "handed_at_s", "broken"),
    [
        (59, 70, 59.4, False),  # within what two clocks may differ by
        (59, 70, 60, True),
        (None, 70, 61, False),  # our hook was down, and the answer was found in the provider's list later
        (None, 60, 61, True),
        (59, 900, 61 + 600, False),  # nobody could read it: it is waited for no longer
        (59, 60, 61 + 600, True),
    ],
)
def test_silence_after_an_answer_is_a_breach_once_we_had_it(
    kept_at_s: float | None, read_at_s: float, handed_at_s: float, *, broken: bool
) -> None:
    def at(seconds: float) -> datetime:
        return NOON + timedelta(seconds=seconds)

    kept_at = None if kept_at_s is None else at(kept_at_s)
    [reply] = SOUND.journal.heard
    heard = replace(SOUND.journal, heard=(replace(reply, at=at(58), kept_at=kept_at),))
    known = _rows(replace(SOUND, journal=heard), stored=(Stored("SM9", FINE_NUMBER, at(read_at_s)),))
    silenced = replace(SILENCED, contacted_at=NOON - timedelta(seconds=60), task_created_at=at(handed_at_s))

    assert bool(promises.the_fine_are_left_in_peace(_people(silenced, SILENT)(known)).wrong) is broken


@pytest.mark.parametrize(
    "more",
    [
        _rung(*(Called(f"CA{n}", LANDLINE, 9, n, "busy") for n in (10, 11))),  # so often it may be
        _rung_again(claimed_s=-1),  # on its way when the key came
        _rung_again(8, key="2"),  # another event rings too, unless calls are refused
    ],
)
def test_who_is_rung_as_often_as_they_may_be_is_not_rung_too_often(more: Callable[[Evidence], Evidence]) -> None:
    assert promises.rung_once(more(SOUND)).wrong == ()


@pytest.mark.parametrize("was_rung", [False, True])
def test_a_call_that_is_for_another_event_too_is_not_closed_by_1_where_that_one_could_not_ask(was_rung: bool) -> None:
    listed = replace(RUNG, state="callback", task_state="open", task_reasons=["no_reply", "no_mobile"])
    known = _rows(
        SOUND,
        recipients=(listed, replace(listed, id=10, campaign="c003")),
        messages=(CALL, Message(10, "c003", LANDLINE, "voice", "delivered", "CA7", "voice")),
    )
    seen = _rung(Called("CA7", LANDLINE, 10, 100, "busy"))(known) if was_rung else known

    assert bool(promises.who_pressed_1_is_left_in_peace(seen).wrong) is was_rung


def test_the_journal_tells_campaign_step_and_message_by_itself() -> None:
    line = {
        "direction": "outbound-api",
        "sid": "SM1",
        "to": FINE_NUMBER,
        "from": "38000",
        "body": "Essai c017-2 : comment allez-vous ?",
        "status": "sent",
        "status_callback": "http://127.0.0.1/hooks/twilio/sms/status?m=42#rc=5&rp=all",
        "validity_s": 60.0,
        "at": "2026-07-08T12:00:01.000+00:00",
        "asked": "2026-07-08T12:00:00.000+00:00",
    }
    reply = line | {"direction": "inbound", "from": FINE_NUMBER, "body": "1"}
    post = {"sid": "SM1", "at": "2026-07-08T12:00:05.000+00:00", "took_ms": 250}
    posts = [post | {"answer": 500}, post | {"answer": 200, "took_ms": 1000}, post | {"answer": 200}]
    read = journal([line, line | {"body": "Merci", "status_callback": None}, reply], hooks=posts)

    assert [(t.campaign, t.step, t.message_id) for t in read.accepted] == [("c017", "2", 42), ("", "", None)]
    assert read.accepted[0].asked == NOON
    assert [(h.number, h.body) for h in read.heard] == [(FINE_NUMBER, "1")]
    assert read.heard[0].kept_at == NOON + timedelta(seconds=5.25)
