"""The catalogue: what a campaign file says, what does not fit, and that a campaign survives freezing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign_files import ADVICE, GOOD, ROOT, SENDERS, TEXTS, read
from worker import catalogue
from worker.catalogue import fitting
from worker.domain.calendar import CallHours
from worker.domain.campaigns import AgeBand, Attempts, Audience, Campaign, Kind, Level, Remedy, SendWindow
from worker.domain.rungs import LadderStep, Rung, When
from worker.rendering import Texts
from worker.services import variables
from worker.services.desk import Desk


def test_a_file_says_all_of_a_campaign(tmp_path: Path) -> None:
    seen = read(tmp_path, GOOD)

    assert seen.problems == []
    campaign = seen.campaigns["essai"]
    assert (campaign.kind, campaign.level) == (Kind.CHECK_IN, Level.ORANGE)
    assert (campaign.reply_deadline, campaign.reminder_after) == (timedelta(hours=4), timedelta(hours=2))
    assert campaign.audience == Audience(age_bands=(AgeBand(70, 79),))
    assert campaign.window == SendWindow(time(8, 30), time(20))
    assert (campaign.exclusions.no_phone, campaign.exclusions.opted_out) == (Remedy.RECORD, Remedy.CALLBACK)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30min", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
        ("1h 30min", timedelta(minutes=90)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(tmp_path: Path, written: str, meant: timedelta) -> None:
    seen = read(tmp_path, ADVICE.replace('"6h"', f'"{written}"'))

    assert seen.campaigns["essai"].void_after == meant


def test_weekdays_and_hours_may_be_written_in_french_and_in_toml(tmp_path: Path) -> None:
    window = '{ opens = 09:00:00, closes = "19:00", weekdays = ["lun", "dim"], on_holidays = false }'
    seen = read(tmp_path, ADVICE.replace('{ opens = "09:00", closes = "19:00" }', window))

    assert seen.campaigns["essai"].window == SendWindow(time(9), time(19), frozenset({1, 7}), on_holidays=False)


@pytest.mark.parametrize(
    ("level", "days", "rings_on"),
    [
        # Saturday 11 July 2026; Tuesday the 14th is a public holiday
        ("none", "", "2026-07-13"),
        ("yellow", "", "2026-07-13"),
        ("none", 'weekdays = ["sam"]', "2026-07-11"),
        ("none", 'weekdays = ["mar"]', "2026-07-21"),
        ("none", 'weekdays = ["mar"]\non_holidays = true', "2026-07-14"),
        ("orange", "", "2026-07-11"),
        ("red", "", "2026-07-11"),
    ],
)
def test_outside_alerts_the_machine_rings_on_working_days_unless_the_campaign_names_other_days(
    tmp_path: Path, level: str, days: str, rings_on: str
) -> None:
    hours = f'\n[call_window]\nopens = "10:00"\ncloses = "12:00"\n{days}\n'
    seen = read(tmp_path, GOOD.replace('level = "orange"', f'level = "{level}"') + hours)
    saturday = datetime(2026, 7, 11, 6, tzinfo=UTC)
    desk = Desk(timezone=ZoneInfo("Europe/Paris"), hours=CallHours(), landlord="Les Chalets", phone="05 36 49 00 01")

    assert seen.problems == []
    opens_at, closes_at = desk.line_opening(seen.campaigns["essai"], saturday)
    assert opens_at == datetime.fromisoformat(f"{rings_on}T08:00Z")
    assert closes_at == opens_at + timedelta(hours=2)


@pytest.mark.parametrize(
    ("file", "written", "resends"),
    [
        (ADVICE, "", True),
        (GOOD, "", False),
        (ADVICE, "resend_after_unknown = false\n", False),
        (GOOD, "resend_after_unknown = true\n", True),
    ],
)
def test_lost_advice_is_sent_again_and_a_lost_check_in_is_not_unless_the_file_says_otherwise(
    tmp_path: Path, file: str, written: str, *, resends: bool
) -> None:
    seen = read(tmp_path, written + file)

    assert seen.problems == []
    assert catalogue.thaw(catalogue.freeze(seen.campaigns["essai"])).resends_lost is resends


def test_the_shipped_advice_is_sent_again_when_it_was_lost_and_the_shipped_check_ins_are_not() -> None:
    shipped = catalogue.read_all(ROOT / "config", senders=SENDERS, texts=TEXTS).campaigns.values()

    assert {(campaign.kind, campaign.resends_lost) for campaign in shipped} == {
        (Kind.ADVICE, True),
        (Kind.CHECK_IN, False),
    }


def test_a_text_that_asks_is_refused_on_a_sender_that_gets_no_reply(tmp_path: Path) -> None:
    seen = read(tmp_path, ADVICE.replace("heat_yellow_advice", "lockdown_advice"))

    assert [(p.key, p.wrong) for p in seen.problems] == [
        ("text", "« lockdown_advice » demande une réponse, l'émetteur « alpha » n'en reçoit pas.")
    ]
    assert "heat_orange_oneway" in seen.problems[0].remedy


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    read(tmp_path, GOOD.replace('"4h"', '"4"').replace('"orange"', '"violet"').replace('"court"', '"cour"'))
    read(tmp_path, ADVICE.replace("void_after", "void_afer"), name="second")

    seen = catalogue.read_all(tmp_path, senders=SENDERS, texts=TEXTS)

    told = "\n".join(seen.broken.values()).splitlines()
    assert seen.sound == {}
    assert [line.split(" : ")[0] for line in told] == [
        "config/campaigns/essai.toml, level",
        "config/campaigns/essai.toml, reply_deadline",
        "config/campaigns/essai.toml, sender",
        "config/campaigns/second.toml, void_after",
        "config/campaigns/second.toml, void_afer",
    ]


def test_a_good_file_is_read_beside_a_bad_one(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    both = read(tmp_path, "title", name="bad")

    assert set(both.campaigns) == {"essai"}
    assert [p.file for p in both.problems] == ["config/campaigns/bad.toml"]


def test_a_bad_template_is_told_where_a_campaign_uses_it(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "sms" / "fr"
    folder.mkdir(parents=True)
    (folder / "broken.txt").write_text("{{ tel", encoding="utf-8")
    campaign = replace(_advice(), text="broken")
    problems = catalogue.problems_of(campaign, senders=SENDERS, texts=Texts(tmp_path / "templates"))

    assert [(p.key, "templates/sms/fr/broken.txt:1" in p.wrong) for p in problems] == [("text", True)]


@pytest.mark.parametrize(
    ("key", "asks"),
    [
        ("heat_orange_check", True),
        ("heat_reminder", True),
        ("lockdown_advice", True),
        ("first_contact", True),
        ("weekly_check", True),
        ("heat_orange_oneway", False),
        ("heat_red_oneway", False),
        ("heat_yellow_advice", False),
        ("heat_end", False),
        ("how_to_recognise", False),
        ("lockdown_oneway", False),
    ],
)
def test_a_text_that_asks_for_an_answer_is_recognised(key: str, *, asks: bool) -> None:
    assert catalogue.asks_for_reply(TEXTS, key) is asks


def test_the_values_a_campaign_may_use_are_those_it_gets() -> None:
    desk = Desk(timezone=ZoneInfo("Europe/Paris"), hours=CallHours(), landlord="Les Chalets", phone="05 36 49 00 01")
    given_values = variables.common(desk, language="fr", now=datetime(2026, 8, 3, 10, tzinfo=UTC))

    assert set(given_values) == fitting.VARIABLES


DURATIONS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=99))
CAMPAIGNS = st.builds(
    Campaign,
    audience=st.builds(
        Audience,
        age_bands=st.lists(st.builds(AgeBand, st.integers(0, 120), st.none() | st.integers(0, 120))).map(tuple),
    ),
    window=st.builds(SendWindow, weekdays=st.frozensets(st.integers(1, 7))),
    void_after=DURATIONS,
    reply_deadline=st.none() | DURATIONS,
    reminder_after=st.none() | DURATIONS,
    replies_accepted_for=DURATIONS,
    receipt_wait=DURATIONS,
)


@given(CAMPAIGNS)
def test_a_frozen_campaign_thaws_to_itself(campaign: Campaign) -> None:
    assert catalogue.thaw(json.loads(json.dumps(catalogue.freeze(campaign)))) == campaign


def _advice() -> Campaign:
    return Campaign(
        key="essai",
        title="Essai",
        kind=Kind.ADVICE,
        level=Level.NONE,
        purpose="advice",
        sender="alpha",
        text="heat_end",
        audience=Audience(),
        window=SendWindow(time(9), time(19)),
        void_after=timedelta(hours=6),
    )


_LADDER = """
[[ladder]]
step = "reminder"
after = "1h"
text = "heat_reminder"
[[ladder]]
step = "second_number"
when = "undelivered"
text = "heat_orange_check"
[[ladder]]
step = "callback"
after = "4h"
[[ladder]]
step = "partner"
after = "30min"
[attempts]
most = 2
apart = "20min"
"""


def _written(folder: Path) -> Campaign:
    short = 'reply_deadline = "4h"\nreminder_text = "heat_reminder"\nreminder_after = "2h"\n'
    seen = read(folder, GOOD.replace(short, "") + _LADDER)
    assert seen.problems == []
    return seen.campaigns["essai"]


def test_a_file_says_its_ladder_and_its_tries(tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    campaign = _written(tmp_path)

    assert campaign.rungs == (
        LadderStep(Rung.REMINDER, hour, When.SILENT, "heat_reminder"),
        LadderStep(Rung.SECOND_NUMBER, timedelta(), When.UNDELIVERED, "heat_orange_check"),
        LadderStep(Rung.CALLBACK, 4 * hour),
        LadderStep(Rung.PARTNER, hour / 2),
    )
    assert campaign.tries == Attempts(2, timedelta(minutes=20), late_morning=True)  # the rest is the level's


def test_a_ladder_survives_freezing(tmp_path: Path) -> None:
    campaign = _written(tmp_path)

    assert catalogue.thaw(json.loads(json.dumps(catalogue.freeze(campaign)))) == campaign


def test_a_definition_from_before_there_were_ladders_still_thaws(tmp_path: Path) -> None:
    campaign = read(tmp_path, GOOD).campaigns["essai"]
    frozen = {k: v for k, v in catalogue.freeze(campaign).items() if k not in {"ladder", "attempts"}}

    assert catalogue.thaw(frozen) == campaign
    assert [step.step for step in catalogue.thaw(frozen).rungs] == [Rung.REMINDER, Rung.CALLBACK]


def test_the_ladder_that_a_shipped_file_shows_as_a_comment_can_be_used(tmp_path: Path) -> None:
    shown = (ROOT / "config" / "campaigns" / "canicule-orange.toml").read_text(encoding="utf-8")
    lines = [line for line in shown.splitlines() if not line.startswith(("reply_deadline", "reminder_", "call_"))]
    begins, ends = lines.index("# [[ladder]]"), lines.index(next(line for line in lines if line.startswith("[exclus")))
    lines[begins:ends] = [line.removeprefix("# ") for line in lines[begins:ends]]

    seen = read(tmp_path, "\n".join(lines))

    assert seen.problems == []
    assert {step.step for step in seen.campaigns["essai"].rungs} == set(Rung)
    assert seen.campaigns["essai"].attempts is not None
