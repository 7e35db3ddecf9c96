"""A person has rung: what each ending means for the household, in this event and in all others."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Exclusions, Level, Remedy
from worker.domain.errors import NotFound, Refused
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, events, refusing
from worker.store import people, schema

PARIS = ZoneInfo("Europe/Paris")
CALL_ALL = Exclusions(**dict.fromkeys(Exclusions.__dataclass_fields__, Remedy.CALLBACK))
COUPLE = (date(1938, 3, 1), date(1941, 9, 1))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def owed(town: Town, **what: object) -> builders.Household:
    """A household that asked for a call after the text of an orange check-in."""
    home = town.household(**what)
    town.sent(town.open(occasion=f"call-{home.id}"))
    if home.phones and home.phone.startswith("+336"):
        town.reply(home.phone, "2")
    else:
        town.climb()
    return home


def ring(town: Town, home: builders.Household, outcome: OutcomeCode, **said: str) -> calls.Ended:
    """Rings the household's open task and tells how it ended."""
    task = town.task(home)
    assert task is not None
    return calls.record_outcome(
        town.db,
        int(str(task["id"])),
        outcome=outcome,
        caller="odile",
        note="",
        desk=DESK,
        now=town.now,
        said=calls.Said(**said),
    )


def tomorrow(town: Town, **campaign: object) -> int:
    """The next day's event: its recipients are drawn up and have climbed what they may."""
    town.now += timedelta(days=1)
    event = town.open(builders.campaign(**campaign), occasion=str(town.now))
    town.climb()
    return event


def last_task(town: Town, home: builders.Household) -> dict[str, object]:
    return town.rows("callback_task", home)[-1]


def standing(town: Town, home: builders.Household, event: int | None = None) -> tuple[object, object]:
    recipient = town.recipient(home, event)
    return recipient["state"], recipient["reason"]


def good_numbers(town: Town, home: builders.Household) -> list[str]:
    with town.db.begin() as connection:
        return people.numbers_of(connection, home.id)


# ---- never again -------------------------------------------------------------


@pytest.mark.parametrize("exclusions", [Exclusions(), CALL_ALL])
@pytest.mark.parametrize("level", [Level.ORANGE, Level.RED])
def test_who_said_never_again_is_only_recorded_at_the_next_event(
    town: Town, exclusions: Exclusions, level: Level
) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)

    event = tomorrow(town, level=level, exclusions=exclusions)

    assert standing(town, home, event) == ("excluded", "refused")
    assert town.task(home) is None
    assert [m for m in town.texts(home, "first") if m["event_id"] == event] == []
    assert town.account(event).reasons == {"excluded": {"refused": 1}}
    assert town.account(event).unaccounted == 0


def test_a_preview_counts_who_said_never_again(town: Town) -> None:
    ring(town, owed(town), OutcomeCode.REFUSED_ALWAYS)

    fates = events.preview(town.db, builders.campaign(), desk=DESK, now=town.now + timedelta(days=1))

    assert [(f.fate, f.households) for f in fates] == [("refused", 1)]


def test_who_said_never_again_is_settled_from_the_start(town: Town) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    town.now += timedelta(days=1)

    event = town.open(builders.campaign(exclusions=CALL_ALL), occasion="next")

    assert standing(town, home, event) == ("excluded", "refused")


def test_never_again_holds_without_a_number_and_for_a_number_that_comes_later(town: Town) -> None:
    home = owed(town, mobiles=())
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    with town.db.begin() as connection:
        connection.execute(
            schema.phone.insert().values(household_id=home.id, e164=builders.mobile(), kind="mobile", rank=1)
        )

    event = tomorrow(town)

    assert standing(town, home, event) == ("excluded", "refused")
    assert town.task(home) is None


def test_never_again_ends_what_other_events_had_begun(town: Town) -> None:
    home = owed(town)
    red = town.open(builders.campaign(level=Level.RED), occasion="red")

    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    town.later(hours=12)

    assert standing(town, home, red) == ("reached", "refused")
    assert [m["state"] for m in town.texts(home, "first") if m["event_id"] == red] == ["cancelled"]
    assert town.task(home) is None


def test_a_neighbour_with_the_same_number_is_still_rung(town: Town) -> None:
    shared = builders.mobile()
    home = owed(town, mobiles=(shared,))
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    neighbour = town.household(mobiles=(shared,))

    event = tomorrow(town)

    assert standing(town, home, event) == ("excluded", "refused")
    assert town.task(neighbour) is not None


@pytest.mark.parametrize(
    ("body", "reason"),
    [("2", "asked_call"), ("malaise", "emergency_word"), ("je ne sais plus quoi faire du chat", "unclear")],
)
def test_who_said_never_again_and_asks_for_help_is_rung(town: Town, body: str, reason: str) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    tomorrow(town)

    town.reply(home.phone, body)

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == [reason]


@pytest.mark.parametrize("body", ["STOP", "mauvais numéro"])
def test_who_said_never_again_is_not_asked_whether_they_mean_it(town: Town, body: str) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)

    town.reply(home.phone, body)

    assert town.task(home) is None


def test_a_start_takes_never_again_back(town: Town) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)

    town.reply(home.phone, "DEMARRER")

    event = tomorrow(town)
    assert standing(town, home, event) == ("waiting", None)
    assert [o["undone_at"] is None for o in town.rows("opt_out")] == [False, False]


def test_a_start_from_a_shared_number_does_not_speak_for_the_other_household(town: Town) -> None:
    shared = builders.mobile()
    home = owed(town, mobiles=(shared,))
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    neighbour = town.household(mobiles=(shared,))

    town.reply(shared, "DEMARRER")

    event = tomorrow(town)
    assert standing(town, home, event) == ("excluded", "refused")
    assert standing(town, neighbour, event) == ("waiting", None)


def test_an_operator_lifts_a_refusal_and_a_stop_from_the_telephone_stays(town: Town) -> None:
    home = owed(town, mobiles=(builders.mobile(), builders.mobile()))
    town.reply(home.phones[0], "STOP")
    ring(town, home, OutcomeCode.REFUSED_ALWAYS)
    before = [r.household_id for r in refusing.listed(town.db)]

    refusing.lift(town.db, home.id, now=town.now)

    event = tomorrow(town)
    assert before == [home.id]
    assert refusing.listed(town.db) == []
    assert [m["e164"] for m in town.texts(home, "first") if m["event_id"] == event] == [home.phones[1]]


def test_there_is_nothing_to_lift_where_nothing_was_refused(town: Town) -> None:
    home = town.household()

    for household in (home.id, 999):
        with pytest.raises(Refused, match="n'a rien refusé"):
            refusing.lift(town.db, household, now=town.now)


# ---- moved, or died ----------------------------------------------------------


@pytest.mark.parametrize(("outcome", "reason"), [(OutcomeCode.MOVED, "moved"), (OutcomeCode.DECEASED, "deceased")])
def test_everything_stops_at_once_in_all_events(town: Town, outcome: OutcomeCode, reason: str) -> None:
    home = owed(town)
    first = town.recipient(home)["event_id"]
    red = town.open(builders.campaign(level=Level.RED), occasion="red")

    ended = ring(town, home, outcome)
    town.later(hours=12)

    assert ended.closed
    assert standing(town, home, int(str(first))) == standing(town, home, red) == ("unreached", reason)
    assert [m["state"] for m in town.texts(home, "first") if m["event_id"] == red] == ["cancelled"]
    assert town.task(home) is None
    assert (last_task(town, home)["state"], last_task(town, home)["closed_as"]) == ("done", str(outcome))
    assert [town.account(e).unaccounted for e in (int(str(first)), red)] == [0, 0]


def test_a_neighbour_who_waits_for_the_same_text_still_gets_it(town: Town) -> None:
    shared = builders.mobile()
    home = owed(town, mobiles=(shared,))
    neighbour = town.household(mobiles=(shared,))
    red = town.open(builders.campaign(level=Level.RED), occasion="red")

    ring(town, home, OutcomeCode.MOVED)

    assert [m["state"] for m in town.rows("message") if m["event_id"] == red] == ["queued"]
    assert standing(town, neighbour, red) == ("waiting", None)


def test_a_household_that_left_while_an_event_was_drawn_up_is_let_go_at_its_next_rung(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    with town.db.begin() as connection:
        people.leave(connection, home.id, status="left", now=town.now)

    town.later(hours=5)

    assert standing(town, home, event) == ("unreached", "moved")
    assert town.task(home) is None


def test_one_of_a_couple_has_died_and_the_other_is_not_forgotten(town: Town) -> None:
    home = owed(town, births=COUPLE)
    red = town.open(builders.campaign(level=Level.RED), occasion="red")

    ended = ring(town, home, OutcomeCode.DECEASED, tenant="2")

    assert [t["status"] for t in town.rows("tenant", home)] == ["active", "deceased"]
    assert standing(town, home, red) == ("reached", "deceased")
    assert [m["state"] for m in town.texts(home, "first") if m["event_id"] == red] == ["cancelled"]
    assert [h["until_at"] for h in town.rows("hold", home)] == [town.now + timedelta(days=14)]
    assert [p["bad_since"] for p in town.rows("phone", home)] == [None]
    task = town.task(home)
    assert task is not None
    assert (task["reasons"], task["not_before"]) == (["follow_up"], paris("2026-07-09 09:00"))
    assert ended == calls.Ended(closed=True, next_call_at=paris("2026-07-09 09:00"))


def test_who_is_left_behind_gets_no_automatic_text_for_a_fortnight(town: Town) -> None:
    home = owed(town, births=COUPLE)
    ring(town, home, OutcomeCode.DECEASED, tenant="1")

    event = tomorrow(town)

    assert standing(town, home, event) == ("excluded", "on_hold")
    town.now += timedelta(days=14)
    assert standing(town, home, town.open(occasion="later")) == ("waiting", None)


def test_which_of_a_couple_has_died_must_be_said(town: Town) -> None:
    home = owed(town, births=COUPLE)

    with pytest.raises(Refused, match=r"2 locataires : 1\. ESSAI Odette ; 2\. ESSAI Odette\. .*--tenant 1"):
        ring(town, home, OutcomeCode.DECEASED)

    assert town.task(home) is not None
    assert town.rows("call_outcome") == []


@pytest.mark.parametrize("said", ["0", "3", "Martin", "odette", "-", "²"])
def test_a_tenant_who_is_nobody_or_several_is_asked_for_again(town: Town, said: str) -> None:
    home = owed(town, births=COUPLE)

    with pytest.raises(Refused, match="ne désigne pas un seul locataire"):
        ring(town, home, OutcomeCode.DECEASED, tenant=said)

    assert {t["status"] for t in town.rows("tenant", home)} == {"active"}


def test_a_tenant_is_named_in_any_case_and_order(town: Town) -> None:
    home = owed(town, births=COUPLE)
    with town.db.begin() as connection:
        table = schema.tenant
        connection.execute(
            table.update().where(table.c.identity_key == "T1").values(first_name="Hélène", civility="Mme")
        )

    ring(town, home, OutcomeCode.DECEASED, tenant="helene ESSAI")

    assert [t["status"] for t in town.rows("tenant", home)] == ["active", "deceased"]


def test_one_of_a_couple_moved_and_the_other_stays(town: Town) -> None:
    home = owed(town, births=COUPLE)

    ring(town, home, OutcomeCode.MOVED, tenant="1")

    assert [t["status"] for t in town.rows("tenant", home)] == ["left", "active"]
    assert standing(town, home) == ("reached", "moved")
    assert town.rows("hold", home) == []
    assert standing(town, home, tomorrow(town)) == ("waiting", None)


def test_a_couple_that_moved_is_gone_without_saying_who(town: Town) -> None:
    home = owed(town, births=COUPLE)

    ring(town, home, OutcomeCode.MOVED)

    assert {t["status"] for t in town.rows("tenant", home)} == {"left"}
    assert town.rows("household")[0]["gone_at"] == town.now


# ---- the number that was dialled ---------------------------------------------


def test_the_first_number_is_the_one_that_was_dialled_and_the_next_is_offered_at_once(town: Town) -> None:
    home = owed(town, landlines=(builders.landline(),))

    ended = ring(town, home, OutcomeCode.NOT_IN_SERVICE)

    assert ended == calls.Ended(closed=False, next_call_at=town.now)
    assert good_numbers(town, home) == [home.phones[1]]


@pytest.mark.parametrize("outcome", [OutcomeCode.WRONG_NUMBER, OutcomeCode.NOT_IN_SERVICE])
def test_another_number_than_the_first_was_dialled(town: Town, outcome: OutcomeCode) -> None:
    home = owed(town, landlines=("+33536491234",))

    ring(town, home, outcome, number="05.36.49.12.34")

    assert good_numbers(town, home) == [home.phones[0]]
    assert [p["bad_reason"] for p in town.rows("phone", home)] == [None, str(outcome).lower()]


@pytest.mark.parametrize(
    "typed", ["+33 5 36 49 12 34", "0033536491234", "536491234", "05-36-49-12-34", "(05) 36491234"]
)
def test_the_number_is_understood_as_people_write_it(town: Town, typed: str) -> None:
    home = owed(town, landlines=("+33536491234",))

    ring(town, home, OutcomeCode.WRONG_NUMBER, number=typed)

    assert good_numbers(town, home) == [home.phones[0]]


@pytest.mark.parametrize("typed", ["05 36 49 99 99", "12", "Martin", "05 36 49 12 34 / 06 00 00 00 01"])
def test_a_number_that_is_not_theirs_is_refused_without_being_repeated(town: Town, typed: str) -> None:
    home = owed(town, landlines=("+33536491234",))

    with pytest.raises(Refused, match="l'un des 2 numéros") as refusal:
        ring(town, home, OutcomeCode.WRONG_NUMBER, number=typed)

    assert typed not in str(refusal.value)
    assert len(good_numbers(town, home)) == 2
    assert town.rows("call_outcome") == []


def test_without_another_number_the_call_is_over(town: Town) -> None:
    home = owed(town, landlines=(builders.landline(),))
    ring(town, home, OutcomeCode.NOT_IN_SERVICE)

    ended = ring(town, home, OutcomeCode.WRONG_NUMBER)

    assert ended == calls.Ended(closed=True)
    assert standing(town, home) == ("unreached", "called")


def test_a_wrong_number_may_be_right_for_the_neighbour_and_a_dead_one_is_dead_for_all(town: Town) -> None:
    wrong, dead = builders.mobile(), builders.landline()
    neighbour = town.household(mobiles=(wrong,), landlines=(dead,))
    home = owed(town, mobiles=(wrong,), landlines=(dead,))

    ring(town, home, OutcomeCode.WRONG_NUMBER)
    ring(town, home, OutcomeCode.NOT_IN_SERVICE)

    assert good_numbers(town, neighbour) == [wrong]


# ---- the hour that was asked for ---------------------------------------------


@pytest.mark.parametrize(
    ("said", "again", "moved"),
    [
        ("14:30", "2026-07-08 14:30", False),
        ("14h30", "2026-07-08 14:30", False),
        ("16h", "2026-07-08 16:00", False),
        ("2026-07-14 10:00", "2026-07-14 10:00", False),  # a holiday, in a heatwave
        ("14/07/2026 10h15", "2026-07-14 10:15", False),
        ("2026-07-10T11:00", "2026-07-10 11:00", False),
        ("21:00", "2026-07-09 09:00", True),
        ("2026-07-10 07:00", "2026-07-10 09:00", True),
    ],
)
def test_the_call_comes_at_the_hour_the_person_named(town: Town, said: str, again: str, moved: bool) -> None:
    home = owed(town)

    ended = ring(town, home, OutcomeCode.CALL_LATER, at=said)

    task = town.task(home)
    assert task is not None
    assert task["not_before"] == ended.next_call_at == paris(again)
    assert ended.moved is moved


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("09:30", "déjà passée"),
        ("10:00", "déjà passée"),
        ("2026-07-07 15:00", "déjà passée"),
        ("2027-07-14 10:00", "plus de 30 jours"),
        ("demain", "ne se lit pas"),
        ("25:00", "ne se lit pas"),
        ("2026-02-30 10:00", "ne se lit pas"),
    ],
)
def test_an_hour_that_cannot_be_kept_is_asked_for_again(town: Town, said: str, why: str) -> None:
    home = owed(town)

    with pytest.raises(Refused, match=why):
        ring(town, home, OutcomeCode.CALL_LATER, at=said)

    assert town.rows("call_outcome") == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (OutcomeCode.REACHED_OK, {"at": "14:30"}),
        (OutcomeCode.NO_ANSWER, {"number": "05 36 49 12 34"}),
        (OutcomeCode.REACHED_OK, {"tenant": "1"}),
    ],
)
def test_what_belongs_to_another_outcome_is_refused_before_anything_is_kept(
    town: Town, outcome: OutcomeCode, said: dict[str, str]
) -> None:
    home = owed(town)

    with pytest.raises(Refused, match="ne va qu'avec"):
        ring(town, home, outcome, **said)

    assert town.task(home) is not None


# ---- news from a relative ----------------------------------------------------


def test_in_a_heatwave_news_from_a_relative_is_followed_by_a_call_to_the_person(town: Town) -> None:
    home = owed(town)

    ended = ring(town, home, OutcomeCode.REACHED_OK_PROXY)

    assert standing(town, home) == ("reached", "called")
    assert ended == calls.Ended(closed=True, next_call_at=paris("2026-07-09 09:00"))
    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["follow_up"]
    assert (task["not_before"], task["due_at"]) == (paris("2026-07-09 09:00"), town.now + timedelta(hours=48))


def test_outside_a_heatwave_news_from_a_relative_is_enough(town: Town) -> None:
    home = town.household(mobiles=(), landlines=(builders.landline(),))
    town.open(builders.campaign(level=Level.NONE))
    town.climb()

    ended = ring(town, home, OutcomeCode.REACHED_OK_PROXY)

    assert ended == calls.Ended(closed=True)
    assert town.task(home) is None


def test_the_follow_up_is_one_call_with_whatever_the_next_day_brings(town: Town) -> None:
    home = owed(town)
    ring(town, home, OutcomeCode.REACHED_OK_PROXY)
    tomorrow(town)

    town.reply(home.phone, "2")

    assert len([t for t in town.rows("callback_task", home) if t["state"] == "open"]) == 1
    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["asked_call", "follow_up"]
    assert task["not_before"] is None


# ---- once is once --------------------------------------------------------------


def test_a_call_is_accounted_for_once(town: Town) -> None:
    home = owed(town)
    task = int(str((town.task(home) or {})["id"]))
    ring(town, home, OutcomeCode.REACHED_OK)

    with pytest.raises(Refused, match="déjà clos"):
        calls.record_outcome(
            town.db, task, outcome=OutcomeCode.REACHED_OK, caller="odile", note="", desk=DESK, now=town.now
        )

    assert len(town.rows("call_outcome", home)) == 1


def test_there_must_be_such_a_call(town: Town) -> None:
    with pytest.raises(NotFound):
        calls.record_outcome(
            town.db, 1, outcome=OutcomeCode.REACHED_OK, caller="odile", note="", desk=DESK, now=datetime.now(UTC)
        )
