"""Who rang our line while nobody there could hear it: the provider's list tells, and a person rings them back."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from structlog.testing import capture_logs

from sandbox.twilio.control import Control
from tests import builders
from tests.integration import site as sites
from tests.integration.conftest import DESK, SENDERS, Town
from tests.integration.site import Site
from tests.integration.standin.listener import Listener, Reply
from tests.outages import away
from tests.waiting import until
from worker.domain.channels import Capability, Sender
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, files, inbound, ringing_back, steering, unheard
from worker.services.reconciling import Rig
from worker.settings_tables import Twilio
from worker.store import inbound as listings
from worker.store import line as rows
from worker.store import refusals
from worker.twilio.client import Gateway

LINE = Sender("voix", "+33939000001", Capability.VOICE)
RING = "/hooks/twilio/voice/inbound"
NOBODY = "http://127.0.0.1:9/hooks/twilio/voice/inbound"
A_WHILE = timedelta(minutes=5)
KEY = unheard.CALLS_TO + LINE.address


@pytest.fixture
def twilio(standin: Control) -> Control:
    """A provider whose questions about our line nobody answers."""
    standin.clock(speed=0)
    standin.put_senders({"address": LINE.address}, {"address": "38000", "segments_per_s": 1000})
    standin.settings(voice_url=NOBODY)
    return standin


@pytest.fixture
def town(town: Town) -> Town:
    town.now = datetime.now(UTC)
    return town


@pytest.fixture
def rig(town: Town, twilio: Control) -> Iterator[Rig]:
    made = a_rig(town, twilio)
    yield made
    made.gateway.close()


def a_rig(town: Town, twilio: Control, *, ahead: timedelta = timedelta(), **changes: object) -> Rig:
    """The line has been ours for an hour. ahead: of the provider's clock."""
    with town.db.begin() as connection:
        listings.note_listed(connection, KEY, datetime.now(UTC) - timedelta(hours=1))
    account = twilio.account()
    values = {"account_sid": account["sid"], "auth_token": SecretStr(account["token"]), "timeout_s": 5.0}
    settings = Twilio(**values | {"api_url": twilio.url} | changes)  # type: ignore[arg-type]

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    return Rig(
        town.db,
        Gateway(settings, public_url="https://chalets.example", clock=clock),
        SENDERS | {"voix": LINE},
        margin=timedelta(),
        receipt_patience=A_WHILE,
        clock=clock,
        desk=DESK,
    )


def rings(twilio: Control, number: str, **doings: object) -> str:
    """A telephone rings our line, until it is over; returns the call's id."""
    sid = twilio.ring(number, LINE.address, **doings)  # type: ignore[arg-type]
    until(lambda: twilio.calls(sid=sid)[0]["status"] == "completed", why="the call to be over")
    return sid


def asked(town: Town, **household: object) -> builders.Household:
    """A household that was asked how it is a while ago, and has not answered."""
    home = town.household(**household)
    town.now -= A_WHILE
    town.sent(town.open(occasion=f"of {home.id}"))
    town.now += A_WHILE
    return home


def reasons(town: Town, home: builders.Household) -> list[str]:
    task = town.task(home)
    return [] if task is None else list(task["reasons"])  # type: ignore[call-overload]


def test_who_rang_while_nobody_answered_is_rung_back_by_a_person(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    sid = rings(twilio, home.phone)

    with capture_logs() as logged:
        found = unheard.fetch_missed_calls(rig)

    assert twilio.calls(sid=sid)[0]["heard"][0]["text"].startswith("We are sorry, an application error")
    assert found == 1
    assert reasons(town, home) == ["rang_unheard"]
    assert town.state(home) == "callback"
    assert [item["intent"] for item in town.task(home)["news"]] == ["rang_back"]  # type: ignore[index]
    assert [line.code for line in files.history(town.db, home.id) if line.kind == "incoming"] == ["unheard"]
    assert [entry["event"] for entry in logged] == ["calls_unheard"]
    assert home.phone not in str(logged)


def test_a_server_that_answers_with_errors_has_heard_nobody_either(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    with Listener(usual=Reply(503)) as broken:
        twilio.settings(voice_url=f"{broken.url}{RING}")
        rings(twilio, home.phone)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == ["rang_unheard"]


def test_a_household_that_nobody_asked_is_rung_back_too(town: Town, twilio: Control, rig: Rig) -> None:
    home = town.household()
    rings(twilio, home.phone)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == ["rang_unheard"]


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    with sites.running(Site(town.db, town.now)) as running:
        yield running


def hook(site: Site, sid: str, number: str) -> None:
    """The provider asks our own hook what to say to this call."""
    site.now = datetime.now(UTC)
    form = {"CallSid": sid, "From": number, "To": LINE.address, "CallStatus": "ringing", "Direction": "inbound"}
    assert site.post(RING, form).status_code == 200


def test_a_call_that_the_line_took_is_never_rung_back(town: Town, twilio: Control, rig: Rig, site: Site) -> None:
    home = asked(town)
    hook(site, rings(twilio, home.phone), home.phone)

    found = unheard.fetch_missed_calls(rig)

    assert found == 0
    assert reasons(town, home) == []
    assert [call["unheard"] for call in town.rows("incoming_call")] == [False]


def test_who_heard_only_where_the_landlord_is_reached_as_the_database_was_away_is_rung_back(
    town: Town, twilio: Control, rig: Rig, site: Site
) -> None:
    home = asked(town)
    sid = rings(twilio, home.phone)
    with away(town.db, "incoming_call"):
        hook(site, sid, home.phone)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == ["rang_unheard"]


def test_a_call_that_is_only_just_over_is_looked_at_again_as_our_own_note_of_it_may_be_on_its_way(
    town: Town, twilio: Control, rig: Rig, site: Site
) -> None:
    home = asked(town)
    sid = rings(twilio, home.phone)
    careful = replace(rig, margin=timedelta(minutes=1))

    assert unheard.fetch_missed_calls(careful) == 0
    hook(site, sid, home.phone)
    later = replace(careful, clock=lambda: datetime.now(UTC) + timedelta(minutes=30))
    assert unheard.fetch_missed_calls(later) == 0
    assert reasons(town, home) == []


def test_the_margin_holds_where_our_clock_runs_ahead_of_the_providers(town: Town, twilio: Control) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    fast = replace(a_rig(town, twilio, ahead=timedelta(minutes=4)), margin=timedelta(minutes=1))

    found = unheard.fetch_missed_calls(fast)
    fast.gateway.close()

    assert found == 0


def test_a_call_that_goes_on_is_not_passed_over_by_the_listing(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    with Listener(usual=Reply(200, "<Response><Pause length='200'/></Response>", "text/xml")) as elsewhere:
        twilio.settings(voice_url=f"{elsewhere.url}{RING}")
        sid = twilio.ring(home.phone, LINE.address)
        until(lambda: twilio.calls(sid=sid)[0]["status"] == "in-progress", why="the call to begin")
    hours = timedelta(hours=3)

    during = unheard.fetch_missed_calls(replace(rig, clock=lambda: datetime.now(UTC) + hours))
    twilio.clock(jump_s=300)
    until(lambda: twilio.calls(sid=sid)[0]["status"] == "completed", why="the call to be over")
    found = unheard.fetch_missed_calls(replace(rig, clock=lambda: datetime.now(UTC) + hours + A_WHILE))

    assert (during, found) == (0, 1)
    assert reasons(town, home) == ["rang_unheard"]


def test_a_household_is_called_back_once_however_often_it_rang(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    for _ring in range(3):
        rings(twilio, home.phone)

    found = [unheard.fetch_missed_calls(rig) for _round in range(2)]

    assert found == [3, 0]
    task = town.task(home)
    assert task is not None
    assert len(town.rows("callback_task", home)) == 1
    assert len(task["news"]) == 1  # type: ignore[arg-type]
    assert len(town.rows("incoming_call")) == 3


def test_two_workers_that_list_at_once_keep_a_call_once(town: Town, twilio: Control) -> None:
    homes = [asked(town) for _ in range(3)]
    for home in homes:
        rings(twilio, home.phone)
    rigs = [a_rig(town, twilio) for _ in range(2)]
    together = Barrier(2)

    def list_(rig: Rig) -> int:
        together.wait(20)
        return unheard.fetch_missed_calls(rig)

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(list_, rigs))
    for rig in rigs:
        rig.gateway.close()

    assert sum(found) == 3
    assert [len(town.task(home)["news"]) for home in homes] == [1, 1, 1]  # type: ignore[index, arg-type]
    assert len(town.rows("callback_task")) == len(town.rows("incoming_call")) == 3


def _wrote(town: Town, home: builders.Household) -> None:
    town.now = datetime.now(UTC) + timedelta(seconds=1)
    town.reply(home.phone, "1")


def _wrote_and_is_not_read_yet(town: Town, home: builders.Household) -> None:
    now = datetime.now(UTC) + timedelta(seconds=1)
    said = inbound.Inbound("SM" + "7" * 32, home.phone, "38000", "1", now)
    inbound.store(town.db, said, now=now)


def _had_a_person(outcome: OutcomeCode) -> Callable[[Town, builders.Household], None]:
    def rung(town: Town, home: builders.Household) -> None:
        town.now = datetime.now(UTC) + timedelta(seconds=1)
        town.later(hours=5)
        task_id = int(str(town.task(home)["id"]))  # type: ignore[index]
        calls.record_outcome(town.db, task_id, outcome=outcome, caller="odile", note="", desk=DESK, now=town.now)

    return rung


@pytest.mark.parametrize(
    "heard",
    [
        _wrote,
        _wrote_and_is_not_read_yet,
        _had_a_person(OutcomeCode.REACHED_OK),
        _had_a_person(OutcomeCode.REFUSED_ALWAYS),
    ],
    ids=["wrote", "wrote and is not read yet", "spoke with a person", "told a person never again"],
)
def test_who_was_heard_since_is_not_rung_back(
    town: Town, twilio: Control, rig: Rig, heard: Callable[[Town, builders.Household], None]
) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    heard(town, home)

    found = unheard.fetch_missed_calls(rig)

    assert found == 1
    assert reasons(town, home) == []


def test_who_a_person_could_not_make_out_is_owed_that_call_again_and_for_no_more_reasons(
    town: Town, twilio: Control, rig: Rig
) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    _had_a_person(OutcomeCode.LANGUAGE)(town, home)
    before = reasons(town, home)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == before != []


def test_who_had_refused_everything_and_rings_all_the_same_is_rung_back(town: Town, twilio: Control, rig: Rig) -> None:
    """They may need help: what nobody heard counts as words that nobody understands do."""
    home = asked(town)
    town.later(hours=5)
    with town.db.begin() as connection:
        refusals.refuse(connection, home.id, now=datetime.now(UTC))
    rings(twilio, home.phone)

    unheard.fetch_missed_calls(rig)

    assert "rang_unheard" in reasons(town, home)


def test_who_rang_again_and_was_taken_by_the_line_is_not_rung_back(
    town: Town, twilio: Control, rig: Rig, site: Site
) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    hook(site, rings(twilio, home.phone), home.phone)

    found = unheard.fetch_missed_calls(rig)

    assert found == 1
    assert reasons(town, home) == []


def test_an_answer_before_the_call_does_not_stand_for_what_they_rang_for(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    town.now -= timedelta(minutes=2)
    town.reply(home.phone, "1")
    rings(twilio, home.phone)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == ["rang_unheard"]
    assert town.state(home) == "fine"


def test_a_fine_that_comes_after_the_call_was_owed_closes_it(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    unheard.fetch_missed_calls(rig)

    _wrote(town, home)

    assert (town.task(home), town.state(home)) == (None, "fine")


def test_an_all_clear_does_not_answer_who_rang_and_was_not_heard(town: Town, twilio: Control, rig: Rig) -> None:
    home, silent = town.household(), town.household()
    town.now -= A_WHILE
    event = town.open()
    town.sent(event)
    rings(twilio, home.phone)
    unheard.fetch_missed_calls(rig)
    town.later(hours=5)

    cleared = steering.all_clear(town.db, event, end=None, desk=DESK, now=town.now)

    assert cleared.tasks_closed == 1
    assert (reasons(town, home), town.state(home)) == (["rang_unheard"], "callback")
    assert (town.task(silent), town.state(silent)) == (None, "unreached")


def test_a_call_that_a_person_owes_already_gets_one_more_reason(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    town.later(hours=5)
    before = reasons(town, home)
    rings(twilio, home.phone)

    unheard.fetch_missed_calls(rig)

    assert reasons(town, home) == ["rang_unheard", *before]
    assert len(town.rows("callback_task", home)) == 1


@pytest.mark.parametrize("number", ["+33612000000", "+266696687", "anonymous"])
def test_a_stranger_leaves_a_row_and_nothing_else(town: Town, twilio: Control, rig: Rig, number: str) -> None:
    asked(town)
    rings(twilio, number)

    found = unheard.fetch_missed_calls(rig)

    assert found == 1
    assert town.rows("callback_task") == []
    [call] = town.rows("incoming_call")
    assert call["e164"] == (number if number == "+33612000000" else None)
    listed = ringing_back.strangers(town.db, now=datetime.now(UTC))
    assert [stranger.e164 for stranger in listed] == ([number] if call["e164"] else [])


def test_whom_the_fallback_put_through_to_the_agency_needs_no_call(town: Town, twilio: Control, rig: Rig) -> None:
    agency = "+33561000002"
    home = asked(town)
    dial = f"<Response><Dial callerId='{LINE.address}'><Number>{agency}</Number></Dial></Response>"
    twilio.put_callee(agency, "silent", talk_s=90)
    with Listener(usual=Reply(200, dial, "text/xml")) as elsewhere:
        twilio.settings(voice_url=f"{elsewhere.url}{RING}")
        sid = twilio.ring(home.phone, LINE.address)
        until(lambda: twilio.calls(sid=sid)[0]["status"] == "in-progress", why="the call to begin")
        twilio.clock(jump_s=300)
        until(lambda: twilio.calls(sid=sid)[0]["status"] == "completed", why="the call to be over")

    found = unheard.fetch_missed_calls(rig)

    assert found == 1
    assert reasons(town, home) == []
    [call] = town.rows("incoming_call")
    assert (call["transfer"], call["unheard"]) == ("put_through", False)


def listed_until(town: Town) -> datetime | None:
    with town.db.begin() as connection:
        return listings.listed_until(connection, KEY)


def test_a_call_that_the_provider_would_not_tell_of_keeps_none_before_it_from_being_rung_back(
    town: Town, twilio: Control, rig: Rig
) -> None:
    homes = [town.household() for _ in range(3)]
    with Listener(usual=Reply(200, "<Response><Pause length='90'/></Response>", "text/xml")) as elsewhere:
        twilio.settings(voice_url=f"{elsewhere.url}{RING}")
        for home in homes:
            twilio.ring(home.phone, LINE.address)
        under_way = {"status": "in-progress"}
        until(lambda: len(twilio.calls(**under_way)) == 3, why="the calls to begin")
        twilio.clock(jump_s=300)
        until(lambda: not twilio.calls(**under_way), why="the calls to be over")
    twilio.add_fault("rate_limit", on="read", resource="calls", skip=2, times=1)
    later = replace(rig, clock=lambda: datetime.now(UTC) + A_WHILE)

    first = unheard.fetch_missed_calls(later)
    rest = unheard.fetch_missed_calls(later)

    assert (first, rest) == (1, 2)
    assert [reasons(town, home) for home in homes] == [["rang_unheard"]] * 3


def test_who_rang_before_the_line_was_ours_is_not_rung_back(town: Town, twilio: Control, rig: Rig) -> None:
    before, since = town.household(), town.household()
    rings(twilio, before.phone)
    with town.db.begin() as connection:
        connection.execute(text("DELETE FROM reply_listing"))

    first = unheard.fetch_missed_calls(rig)
    twilio.clock(jump_s=60)
    rings(twilio, since.phone)
    found = unheard.fetch_missed_calls(replace(rig, clock=lambda: datetime.now(UTC) + A_WHILE))

    assert (first, found) == (0, 1)
    assert (reasons(town, before), reasons(town, since)) == ([], ["rang_unheard"])


def test_a_listing_that_failed_is_made_up_for_by_the_next(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    rings(twilio, home.phone)
    cut_off = a_rig(town, twilio, api_url="http://127.0.0.1:9")
    before = listed_until(town)
    with capture_logs() as logged:
        nothing = unheard.fetch_missed_calls(cut_off)
    cut_off.gateway.close()
    noted = listed_until(town)

    found = unheard.fetch_missed_calls(rig)

    assert (nothing, noted, found) == (0, before, 1)
    assert [entry["event"] for entry in logged] == ["provider_unavailable"]


def test_calls_of_a_long_outage_are_found_although_newer_ones_were_taken_since(
    town: Town, twilio: Control, rig: Rig
) -> None:
    home = asked(town)
    with town.db.begin() as connection:
        listings.note_listed(connection, KEY, datetime.now(UTC) - timedelta(hours=30))
        newer = rows.Ringing("CA" + "9" * 32, "+33612000000", LINE.address, datetime.now(UTC))
        rows.store(connection, newer)
    rings(twilio, home.phone)

    later = replace(rig, clock=lambda: datetime.now(UTC) + timedelta(hours=28))
    unheard.fetch_missed_calls(later)

    assert reasons(town, home) == ["rang_unheard"]


def test_where_another_service_answers_nobody_is_rung_back(town: Town, twilio: Control, rig: Rig) -> None:
    home = asked(town)
    rings(twilio, home.phone)

    assert unheard.fetch_missed_calls(replace(rig, rings_back=False)) == 0
    assert reasons(town, home) == []
