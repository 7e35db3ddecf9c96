"""An advice reaches who has no mobile: the machine rings and tells it, and nobody has to answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import builders
from tests.integration.conftest import DESK
from tests.integration.site import PUBLIC, Site, running, shipped
from tests.integration.switchboard import LINE, Switchboard
from tests.integration.test_channels import day, do_not_arrive, rung, with_both
from worker.domain.campaigns import Campaign, Exclusions, Kind, Level, Remedy
from worker.domain.messages import MessageState, OutgoingCall
from worker.services import answering, events
from worker.services.answering import Rig
from worker.store.database import Database

RECORDED = Exclusions(landline_only=Remedy.RECORD, undelivered=Remedy.RECORD, no_phone=Remedy.RECORD)


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


@pytest.fixture
def site(db: Database, now: datetime) -> Iterator[Site]:
    with running(Site(db, now)) as up:
        yield up


def advice(**changes: object) -> Campaign:
    """That of a yellow alert, as shipped: nobody rings who was not reached."""
    values: dict[str, object] = {
        "kind": Kind.ADVICE,
        "level": Level.YELLOW,
        "purpose": "advice",
        "text": "heat_yellow_advice",
        "call_script": "heat_advice",
        "reply_deadline": None,
        "reminder_text": None,
        "reminder_after": None,
        "exclusions": RECORDED,
    }
    return builders.campaign(**values | changes)


def told(town: Switchboard, **changes: object) -> tuple[builders.Household, OutgoingCall]:
    """A household with a landline alone that is rung for an advice."""
    home = town.household(mobiles=(), landlines=(builders.landline(),))
    town.open(advice(**changes))
    town.climb()
    [call] = town.place()
    return home, call


def standing(town: Switchboard, home: builders.Household) -> tuple[object, object]:
    town.later(minutes=1)
    recipient = town.recipient(home)
    return recipient["state"], recipient["reason"]


def test_who_has_no_mobile_hears_the_advice_by_telephone_and_owes_no_answer(town: Switchboard) -> None:
    home, call = told(town)
    town.word(call, heard_out=True)
    town.ends(call, "completed", duration_s=41)

    assert standing(town, home) == ("informed", "heard")
    assert town.task(home) is None
    assert town.account(int(str(town.recipient(home)["event_id"]))).unaccounted == 0


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(34, ("informed", "heard")), (5, ("unreached", "landline_only")), (None, ("unreached", "landline_only"))],
)
def test_who_hangs_up_has_heard_the_advice_if_it_had_been_said_by_then(
    town: Switchboard, seconds: int | None, end: tuple[str, str]
) -> None:
    home, call = told(town)
    town.ends(call, "completed", duration_s=seconds)

    assert standing(town, home) == end
    assert (town.task(home), town.place()) == (None, [])


def test_2_after_an_advice_makes_a_call_due_and_1_asks_nothing_of_anybody(town: Switchboard) -> None:
    wishes, fine = (town.household(mobiles=(), landlines=(builders.landline(),)) for _ in range(2))
    town.open(advice())
    town.climb()
    calls = {call.to: call for call in town.place()}
    town.now += timedelta(seconds=2)
    calls |= {call.to: call for call in town.place()}
    town.press(calls[wishes.phone], "2")
    town.press(calls[fine.phone], "1")

    assert town.reasons(wishes) == ["asked_call"]
    assert standing(town, wishes)[0] == "callback"
    assert (standing(town, fine), town.task(fine)) == (("informed", "heard"), None)


def test_9_after_an_advice_ends_the_calls_by_the_machine(town: Switchboard) -> None:
    home, call = told(town)

    town.press(call, "9")

    assert [(o["e164"], o["channel"]) for o in town.rows("opt_out")] == [(home.phone, "voice")]


def test_an_answering_machine_is_told_the_advice_and_rung_no_more(town: Switchboard, db: Database) -> None:
    home, call = told(town)
    rig = Rig(db, DESK, shipped().speech, PUBLIC)
    picked_up = answering.pick_up(
        rig, town.place_of(call), replace(answering.Word(), answered_by="machine_end_beep"), now=town.now
    )
    town.ends(call, "completed", duration_s=30)

    assert "Buvez souvent" in picked_up.document
    assert "tapez" not in picked_up.document
    assert standing(town, home) == ("informed", "told_machine")
    assert town.call_row(home)["state"] == MessageState.DELIVERED


def test_a_machine_that_was_told_nothing_is_rung_again(town: Switchboard) -> None:
    home, call = told(town)
    town.ends(call, "completed", answered_by="machine_start", duration_s=2)

    assert town.call_row(home)["state"] == MessageState.QUEUED
    assert town.state(home) == "waiting"


@pytest.mark.parametrize(
    ("remedy", "end", "reasons"),
    [
        (Remedy.RECORD, ("unreached", "landline_only"), []),
        (Remedy.CALLBACK, ("callback", "no_reply"), ["no_reply", "call_unanswered"]),
    ],
)
def test_a_line_that_is_always_busy_is_tried_within_the_cap_and_a_person_rings_only_if_the_campaign_says_so(
    town: Switchboard, remedy: Remedy, end: tuple[str, str], reasons: list[str]
) -> None:
    home, call = told(town, exclusions=replace(RECORDED, landline_only=remedy))
    rung = 0
    while call is not None:
        rung += 1
        town.ends(call, "busy", sip_code=486)
        town.now = max(town.now, town.call_row(home)["due_at"])  # type: ignore[type-var, assignment]
        call = next(iter(town.place()), None)  # type: ignore[assignment]

    assert rung == 3
    assert standing(town, home) == end
    assert sorted(town.reasons(home)) == sorted(reasons)


def test_who_did_not_get_the_advice_by_text_is_rung(town: Switchboard) -> None:
    home = town.household(landlines=(builders.landline(),))
    do_not_arrive(town, town.open(advice()), 30006)

    assert rung(town) == [home.phone]  # 30006: it is a landline


def test_who_answers_calls_alone_still_gets_an_advice_by_text(town: Switchboard) -> None:
    home = with_both(town)
    for _ in range(3):
        day(town, home, key="1")

    event = town.open(advice(), occasion="advice")

    assert rung(town) == []
    assert [m["channel"] for m in town.rows("message") if m["event_id"] == event] == ["sms"]


def test_a_household_that_shares_a_landline_is_informed_by_the_call_of_the_other(town: Switchboard) -> None:
    number = builders.landline()
    homes = [town.household(mobiles=(), landlines=(number,)) for _ in range(2)]
    town.open(advice())
    town.climb()
    [call] = town.place()
    town.word(call, heard_out=True)
    town.ends(call, "completed", duration_s=41)

    assert [standing(town, home) for home in homes] == [("informed", "heard")] * 2


def test_silence_after_an_advice_is_no_fault_and_promises_no_call(town: Switchboard, site: Site) -> None:
    _home, call = told(town)
    query = f"?m={call.message_id}&a={call.attempt_id}"
    form = {"CallSid": town.sid(call), "From": LINE.address, "To": call.to, "CallStatus": "in-progress"}
    asked = site.post("/hooks/twilio/voice/answer" + query, form).text
    over = site.post("/hooks/twilio/voice/gather" + query, form | {"Digits": ""}).text

    assert "vous pouvez raccrocher" in asked
    assert len(list(ET.fromstring(asked).iter("Gather"))) == 2  # noqa: S314  # our own
    assert "Merci de votre écoute" in over
    assert "appellera" not in over


def test_a_preview_counts_who_is_rung_for_an_advice(town: Switchboard) -> None:
    town.household(mobiles=(), landlines=(builders.landline(),))
    desk = replace(DESK, line=town.reading.desk.line)

    fates = events.preview(town.db, advice(), desk=desk, now=town.now)

    assert [(f.fate, f.households) for f in fates] == [("voice", 1)]


def test_the_advice_campaigns_that_ship_are_told_by_telephone_too() -> None:
    campaigns = shipped().campaigns
    scripts = {key: campaign.script for key, campaign in campaigns.items() if not campaign.wants_reply}
    folder = Path(__file__).parents[2] / "templates" / "voice"

    assert scripts == {
        "canicule-conseils": "heat_advice",
        "canicule-fin": "heat_end",
        "confinement-conseils": "lockdown_advice",
    }
    for script in scripts.values():
        parts = [f"{script}.txt", f"{script}_incoming.txt", f"{script}_voicemail.txt"]
        assert all((folder / language / part).is_file() for language in ("fr", "en") for part in parts)
