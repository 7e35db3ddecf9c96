"""A need handed to a partner: with consent, once, followed until somebody has helped, and seen by its agency alone."""

import concurrent.futures
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import builders
from tests.integration.conftest import DESK, Town
from tests.integration.referral_office import LUCIE, Office
from worker.catalogue import prices
from worker.domain.errors import NotFilledIn, NotFound, Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.referrals import Consent, ReferralReason, ReferralState, Shared, Urgency, Via
from worker.domain.reports import Figures
from worker.domain.roles import Person, Role
from worker.services import (
    auditing,
    calls,
    chasing,
    partnering,
    referral_mail,
    referral_views,
    referring,
    summaries,
    undoing,
)
from worker.services.referring import Agreed

S = ReferralState
CONFIG = Path(__file__).parents[2] / "config"
ELSEWHERE = Person(9, "paul", Role.CALLER, ("02",))


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


# ---- consent ------------------------------------------------------------------


def test_nothing_leaves_without_consent(town: Town, office: Office) -> None:
    referral = office.draft(town.household())

    with pytest.raises(Refused, match="brouillon"):
        office.hand_over(referral)
    with pytest.raises(Refused, match="accord"):
        referral_mail.letter(town.db, referral, by=LUCIE, now=town.now)

    assert office.row(referral)["sent_at"] is None


def test_the_database_itself_lets_nothing_leave_without_consent(town: Town, office: Office) -> None:
    referral = office.draft(town.household())

    with pytest.raises(IntegrityError), town.db.begin() as connection:
        connection.execute(text("UPDATE referral SET state = 'sent' WHERE id = :id"), {"id": referral})


def test_a_consent_says_who_took_it_when_and_for_what(town: Town, office: Office) -> None:
    referral = office.draft(town.household())

    office.consent(referral, Agreed(Consent.VERBAL, shared=(Shared.PHONE, Shared.ADDRESS)))

    row = office.row(referral)
    assert (row["consent"], row["consent_by"], row["consent_at"]) == ("verbal", "lucie", town.now)
    assert row["shared"] == ["phone", "address"]


def test_consent_is_waived_for_vital_danger_with_the_reason_kept(town: Town, office: Office) -> None:
    referral = office.draft(town.household(), reasons=(ReferralReason.DANGER,))

    with pytest.raises(NotFilledIn) as refusal:
        office.consent(referral, Agreed(Consent.WAIVED))
    assert set(refusal.value.fields) == {"waiver"}
    office.consent(referral, Agreed(Consent.WAIVED, "Ne répond plus au téléphone, voisin inquiet."))

    row = office.row(referral)
    assert (row["consent"], row["waiver"]) == ("waived", "Ne répond plus au téléphone, voisin inquiet.")
    assert row["urgency"] == "immediate"


def test_no_consent_is_no_consent(town: Town, office: Office) -> None:
    with pytest.raises(NotFilledIn):
        office.consent(office.draft(town.household()), Agreed(Consent.NONE))


# ---- what the partner is told ---------------------------------------------------


def test_the_partner_is_told_what_the_consent_covers_and_nothing_more(town: Town, office: Office) -> None:
    home = town.household()
    only_name = office.draft(home)
    office.consent(only_name, Agreed(Consent.VERBAL, shared=()))
    with_phone = office.draft(home)
    office.consent(with_phone, Agreed(Consent.VERBAL, shared=(Shared.PHONE,)))

    bare, more = (
        referral_mail.letter(town.db, referral, by=LUCIE, now=town.now) for referral in (only_name, with_phone)
    )

    assert (bare.names, bare.phone, bare.address) == (more.names, "", "")
    assert more.phone == home.phone
    assert "ESSAI" in bare.names


def test_every_form_that_is_made_is_written_down_as_an_export(town: Town, office: Office) -> None:
    referral = office.draft(town.household())
    office.consent(referral)

    referral_mail.letter(town.db, referral, by=LUCIE, now=town.now)

    newest = auditing.newest(town.db, limit=1)[0]
    assert (newest.who, newest.action, newest.kind, newest.object_id) == (
        "lucie",
        "exported",
        "referral",
        str(referral),
    )


# ---- the clock ----------------------------------------------------------------


def test_a_partner_who_does_not_answer_is_chased_at_half_time_and_at_the_deadline(town: Town, office: Office) -> None:
    home = town.household()
    referral = office.sent(home, urgency=Urgency.DAY)

    assert office.tick(hours=11) == 0
    office.tick(hours=1)
    assert office.reasons(home) == ["referral_reminder"]
    office.tick(hours=12)

    assert "referral_overdue" in office.reasons(home)
    assert office.row(referral)["reminded_at"] == town.now - timedelta(hours=12)


def test_what_nobody_answers_for_comes_back_every_day(town: Town, office: Office) -> None:
    home = town.household()
    office.sent(home, urgency=Urgency.DAY)
    office.tick(days=2)
    office.close_call(home)

    office.tick(days=1)

    assert "referral_overdue" in office.reasons(home)


def test_a_partner_who_answers_is_not_chased(town: Town, office: Office) -> None:
    home = town.household()
    referral = office.sent(home, urgency=Urgency.DAY)
    office.move(referral, S.ACKNOWLEDGED)

    office.tick(hours=23)

    assert office.reasons(home) == []
    assert office.row(referral)["acknowledged_at"] == town.now - timedelta(hours=23)


def test_the_tenant_is_rung_back_within_three_working_days(town: Town, office: Office) -> None:
    """Sent on a Wednesday: the call is there on Thursday, and due by the end of Monday."""
    home = town.household(births=(datetime(1955, 1, 1, tzinfo=UTC).date(),), lives_alone="no")
    referral = office.sent(home, urgency=Urgency.WEEK)
    office.move(referral, S.ACKNOWLEDGED)

    assert office.tick(hours=12) == 0
    office.tick(hours=12)

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["referral_ring_back"]
    assert task["due_at"] <= datetime(2026, 7, 13, 16, 30, tzinfo=UTC)  # type: ignore[operator]


@pytest.mark.parametrize("end", [S.NOT_SOLVED, S.DECLINED, S.NO_FEEDBACK])
def test_whom_nobody_helps_is_rung_at_once(town: Town, office: Office, end: ReferralState) -> None:
    home = town.household()
    referral = office.sent(home)

    office.move(referral, end)
    office.tick(seconds=1)

    assert office.reasons(home) == ["referral_ring_back"]


def test_who_was_helped_is_asked_on_a_later_day_whether_it_is_so(town: Town, office: Office) -> None:
    home = town.household()
    office.move(office.sent(home), S.SOLVED, "Portage de repas mis en place.")

    assert office.tick(hours=2) == 0
    office.tick(days=1)

    assert office.reasons(home) == ["referral_ring_back"]


def test_a_draft_that_nobody_finishes_comes_back(town: Town, office: Office) -> None:
    home = town.household()
    office.draft(home, urgency=Urgency.WEEK)

    office.tick(days=1)

    assert office.reasons(home) == ["referral_to_finish"]


def test_ticking_twice_changes_nothing(town: Town, office: Office) -> None:
    home = town.household()
    office.sent(home, urgency=Urgency.DAY)
    office.tick(days=1)
    before = (town.rows("referral"), town.rows("callback_task"))

    assert chasing.chase(town.db, desk=DESK, now=town.now) == 0

    assert (town.rows("referral"), town.rows("callback_task")) == before


def test_two_ticks_at_once_make_one_call(town: Town, office: Office) -> None:
    homes = [town.household() for _ in range(6)]
    for home in homes:
        office.sent(home, urgency=Urgency.DAY)
    town.now += timedelta(days=1)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        looked_at = list(pool.map(lambda _n: chasing.chase(town.db, desk=DESK, now=town.now), range(4)))

    assert sum(looked_at) == len(homes)
    assert [office.reasons(home) for home in homes] == [office.reasons(homes[0])] * len(homes)


def test_a_reason_joins_the_call_that_is_owed_already(town: Town, office: Office) -> None:
    home = town.household()
    town.reply(home.phone, "2")
    office.sent(home, urgency=Urgency.IMMEDIATE)
    before = town.task(home)

    office.tick(hours=1)

    after = town.task(home)
    assert before is not None
    assert after is not None
    assert (after["id"], set(office.reasons(home))) == (before["id"], {"asked_call", "referral_overdue"})
    assert after["not_before"] is None


# ---- moves --------------------------------------------------------------------


def test_a_referral_is_sent_once(town: Town, office: Office) -> None:
    referral = office.sent(town.household())

    with pytest.raises(Refused):
        office.hand_over(referral, Via.PAPER)

    assert len(town.rows("referral_sending")) == 1


def test_the_same_need_is_with_a_partner_once_at_a_time(town: Town, office: Office) -> None:
    home, partner = town.household(), office.partner()
    first = office.draft(home, partner)

    with pytest.raises(Refused, match=str(first)):
        office.draft(home, partner)
    office.move(first, S.WITHDRAWN)

    assert office.draft(home, partner) != first


def test_of_two_answers_at_once_one_counts(town: Town, office: Office) -> None:
    referral = office.sent(town.household())

    def answer(to: ReferralState) -> bool:
        try:
            office.move(referral, to)
        except Refused:
            return False
        return True

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answered = list(pool.map(answer, (S.SOLVED, S.DECLINED)))

    assert sorted(answered) == [False, True]


def test_the_history_says_who_moved_it_and_why(town: Town, office: Office) -> None:
    referral = office.sent(town.household())
    office.move(referral, S.DECLINED, "Hors secteur.")

    whole = referral_views.show(town.db, referral, by=LUCIE, now=town.now)

    assert [m.state for m in whole.moves] == ["draft", "consented", "sent", "declined"]
    assert {m.by for m in whole.moves} == {"lucie"}
    assert whole.moves[-1].note == whole.referral.feedback == "Hors secteur."
    assert whole.may_become == ()


def test_a_partner_that_is_closed_gets_no_more(town: Town, office: Office) -> None:
    partner = office.partner()
    partnering.close(town.db, partner, by=LUCIE, now=town.now)

    with pytest.raises(Refused, match="annuaire"):
        office.draft(town.household(), partner)


# ---- whose it is ----------------------------------------------------------------


def test_another_agency_s_referral_does_not_exist(town: Town, office: Office) -> None:
    referral = office.sent(town.household(agency="01"))
    asked = {"by": ELSEWHERE, "now": town.now}

    for refused in (
        lambda: referral_views.show(town.db, referral, **asked),
        lambda: referring.consent(town.db, referral, Agreed(Consent.VERBAL), **asked),
        lambda: referring.hand_over(town.db, referral, Via.PHONE, desk=DESK, **asked),
        lambda: referring.move(town.db, referral, S.SOLVED, desk=DESK, **asked),
        lambda: referral_mail.letter(town.db, referral, **asked),
    ):
        with pytest.raises(NotFound):
            refused()
    assert referral_views.page(town.db, ELSEWHERE) == referral_views.board(town.db, ELSEWHERE) == []


def test_nobody_refers_another_agency_s_household(town: Town, office: Office) -> None:
    office.by = ELSEWHERE

    with pytest.raises(NotFound):
        office.draft(town.household(agency="01"))


def test_a_call_and_a_person_named_are_the_household_s_own(town: Town, office: Office) -> None:
    home, other = town.household(), town.household()
    town.reply(other.phone, "2")
    task = town.task(other)
    assert task is not None

    for wrong in ({"task_id": task["id"]}, {"tenant_id": 999_999}):
        with pytest.raises(NotFilledIn):
            office.draft(home, **wrong)


# ---- reports ------------------------------------------------------------------------


def test_a_report_counts_what_an_event_s_calls_handed_to_partners(town: Town, office: Office) -> None:
    home = town.household(agency="01")
    event = town.open()
    town.sent(event)
    task = _call(town, home, OutcomeCode.REACHED_NEED)
    solved, waiting = office.draft(home, task_id=task), office.draft(home, task_id=task)
    for referral in (solved, waiting):
        office.consent(referral)
        office.hand_over(referral)
    office.move(solved, S.ACKNOWLEDGED)
    town.now += timedelta(days=1)
    office.move(solved, S.SOLVED)

    table = prices.load(CONFIG)
    whole = summaries.report(town.db, event, prices=table, desk=DESK, now=town.now).summary
    first_day = datetime(2026, 7, 8, tzinfo=UTC).date()
    day = summaries.report(town.db, event, prices=table, desk=DESK, day=first_day, now=town.now).summary

    def counted(figures: Figures) -> tuple[int, int, int]:
        return figures.referrals_sent, figures.referrals_acknowledged, figures.referrals_solved

    assert counted(whole.whole) == counted(whole.agencies[0]) == (2, 1, 1)
    assert counted(day.whole) == (2, 1, 0)


# ---- households that end ----------------------------------------------------------


def _call(town: Town, home: builders.Household, outcome: OutcomeCode) -> int:
    town.reply(home.phone, "2")
    task = town.task(home)
    assert task is not None
    calls.record_outcome(
        town.db, int(str(task["id"])), outcome=outcome, caller="lucie", note="", desk=DESK, now=town.now
    )
    return int(str(task["id"]))


@pytest.mark.parametrize("outcome", [OutcomeCode.MOVED, OutcomeCode.DECEASED, OutcomeCode.REFUSED_ALWAYS])
def test_the_referrals_of_a_household_end_with_it(town: Town, office: Office, outcome: OutcomeCode) -> None:
    home = town.household()
    running, over = office.sent(home), office.sent(home)
    office.move(over, S.SOLVED)

    _call(town, home, outcome)

    assert [office.row(r)["state"] for r in (running, over)] == ["withdrawn", "solved"]
    assert [office.row(r)["ring_back_at"] for r in (running, over)] == [None, None]
    assert office.tick(days=30) == 0


def test_who_stays_behind_keeps_the_referral(town: Town, office: Office) -> None:
    home = town.household(births=(datetime(1940, 1, 1, tzinfo=UTC).date(), datetime(1942, 1, 1, tzinfo=UTC).date()))
    referral = office.sent(home)
    town.reply(home.phone, "2")
    task = town.task(home)
    assert task is not None

    calls.record_outcome(
        town.db,
        int(str(task["id"])),
        outcome=OutcomeCode.DECEASED,
        caller="lucie",
        note="",
        desk=DESK,
        now=town.now,
        said=calls.Said(tenant="1"),
    )

    assert office.row(referral)["state"] == "sent"


def test_an_outcome_taken_back_brings_the_referral_back(town: Town, office: Office) -> None:
    home = town.household()
    referral = office.sent(home)
    before = office.row(referral)
    task = _call(town, home, OutcomeCode.MOVED)

    undoing.undo(town.db, task, caller="lucie", now=town.now)

    assert office.row(referral) == before


def test_a_referral_made_after_a_call_does_not_keep_the_call_from_being_taken_back(town: Town, office: Office) -> None:
    home = town.household()
    task = _call(town, home, OutcomeCode.REACHED_NEED)
    referral = office.draft(home, task_id=task)

    undoing.undo(town.db, task, caller="lucie", now=town.now)

    assert office.row(referral)["state"] == "draft"


@pytest.mark.parametrize("outcome", [OutcomeCode.MOVED, OutcomeCode.REFUSED_ALWAYS])
def test_who_is_gone_or_wants_no_call_is_not_referred(town: Town, office: Office, outcome: OutcomeCode) -> None:
    home = town.household()
    _call(town, home, outcome)

    with pytest.raises(Refused):
        office.draft(home)
