"""An operator's day through the interface: look, launch, watch, steer, account for everybody."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import requests

from tests.integration.api_client import Program, hire, open_to
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.staffing import TERMINAL

LAUNCH = {"campaign": "canicule-orange", "confirm": True}


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    for agency in ("01", "01", "02"):
        town.household(agency=agency)
    with open_to(town) as running:
        yield running


@pytest.fixture
def operator(site: Site) -> Program:
    return hire(site)


def test_the_campaigns_are_listed_and_previewed_as_they_are(operator: Program) -> None:
    [campaign] = [c for c in operator.get("/campaigns")["campaigns"] if c["key"] == "canicule-orange"]

    assert (campaign["kind"], campaign["level"]) == ("check_in", "orange")
    seen = operator.get("/campaigns/canicule-orange/preview")
    assert (seen["households"], seen["texts"], seen["excluded"]) == (3, 3, {})
    assert seen["by_agency"] == {"01": 2, "02": 1}
    assert seen["segments"] == 3 * seen["rows"][0]["segments"]
    assert seen["capacity"]["agencies"]


def test_a_test_goes_to_the_guests_alone(operator: Program, town: Town) -> None:
    operator.refused("POST", "/campaigns/canicule-orange/test", 409, "refused")

    assert town.rows("message") == []


def test_a_launch_opens_one_event_an_occasion(operator: Program) -> None:
    first, again = (operator.post("/events", LAUNCH) for _n in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    opened = {"event": "1", "campaign": "canicule-orange", "occasion": "2026-07-08", "new": True, "state": "running"}
    assert first.json() == opened
    assert again.json() == opened | {"new": False}


def test_a_launch_of_what_was_cancelled_says_so(operator: Program) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    operator.done(f"/events/{event}/cancel")

    again = operator.done("/events", LAUNCH)
    other = operator.done("/events", LAUNCH | {"occasion": "2026-07-08-2"})

    assert (again["new"], again["state"]) == (False, "cancelled")
    assert (other["new"], other["state"]) == (True, "running")


def test_a_launch_is_confirmed_and_reaches_somebody(operator: Program, site: Site, town: Town) -> None:
    operator.refused("POST", "/events", 409, "refused", json=LAUNCH | {"confirm": False})
    operator.refused("POST", "/events", 404, "not_found", json=LAUNCH | {"campaign": "nothing"})

    assert operator.get("/events")["items"] == []


def test_a_launch_holds_when_the_queue_is_away(operator: Program, site: Site) -> None:
    """The workers' next tick finds the event."""
    site.queue_is_away = True

    event = operator.done("/events", LAUNCH)["event"]

    assert operator.get(f"/events/{event}")["state"] == "planned"


def test_an_event_is_shown_as_the_command_line_shows_it(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    town.sent(int(event))
    town.reply(str(town.rows("phone")[0]["e164"]), "oui")

    shown = operator.get(f"/events/{event}")

    assert shown["state"] == "running"
    assert shown["recipients"]["total"] == 3
    assert shown["recipients"]["unaccounted"] == 0
    assert shown["messages"]["by_state"]["sent"] == 3
    assert shown["replies"] == {"ok": 1}
    assert (shown["progress"]["sent"], shown["progress"]["waiting"]) == (3, 0)


def test_how_far_an_event_has_come_is_told_with_its_pace_and_its_end(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]

    slowed = operator.done(f"/events/{event}/pace", {"per_s": 0.5})["progress"]

    assert (slowed["waiting"], slowed["sent"], slowed["pace_per_s"]) == (3, 0, 0.5)
    assert datetime.fromisoformat(slowed["ends_at"]) >= town.now + timedelta(seconds=6)
    assert slowed == operator.get(f"/events/{event}")["progress"]


def test_pause_resume_and_cancel(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]

    assert operator.done(f"/events/{event}/pause")["state"] == "paused"
    assert operator.done(f"/events/{event}/resume")["state"] == "running"
    assert operator.done(f"/events/{event}/cancel") == {"households": 3}
    operator.refused("POST", f"/events/{event}/resume", 409, "refused")
    assert operator.get(f"/events/{event}")["state"] == "cancelled"


def test_pace_time_and_a_late_household(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    late = town.household(agency="02")
    [dwelling] = [d["code"] for d in town.rows("dwelling")][-1:]

    operator.done(f"/events/{event}/pace", {"per_s": 5})
    void_at = operator.done(f"/events/{event}/extend", {"minutes": 60})["void_at"]
    added = [operator.done(f"/events/{event}/households", {"dwelling": dwelling}) for _n in range(2)]

    assert void_at > town.now.isoformat()
    assert [(a["household_id"], a["new"]) for a in added] == [(late.id, True), (late.id, False)]
    assert operator.get(f"/events/{event}")["recipients"]["total"] == 4
    operator.refused("POST", f"/events/{event}/households", 404, "not_found", json={"dwelling": "nothing"})


def test_an_all_clear_stops_what_is_pending(operator: Program, town: Town) -> None:
    event = int(operator.done("/events", LAUNCH)["event"])
    town.sent(event)

    cleared = operator.done(f"/events/{event}/all-clear", {"end_campaign": "canicule-fin"})

    assert cleared["checks_stopped"] == 3
    assert cleared["new"]
    assert operator.get(f"/events/{cleared['end_event_id']}")["campaign"] == "canicule-fin"
    assert operator.get(f"/events/{cleared['end_event_id']}")["recipients"]["total"] == 3


def test_the_report_adds_up_and_names_nobody(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    town.sent(int(event))
    phones = [str(p["e164"]) for p in town.rows("phone")]
    town.reply(phones[0], "oui")
    town.reply(phones[1], "appelez moi")

    made = operator.get(f"/events/{event}/report")

    figures = made["figures"]
    assert (figures["listed"], figures["texted"], figures["replied"], figures["still_open"]) == (3, 3, 1, 2)
    assert {f["agency"] for f in made["agencies"]} == {"01", "02"}
    assert sum(f["listed"] for f in made["agencies"]) == 3
    assert not any(secret in json.dumps(made) for secret in ("ESSAI", "Odette", "+336"))
    assert operator.get(f"/events/{event}/report?day=2026-07-07")["figures"]["texted"] == 0


def test_the_report_for_a_spreadsheet_names_nobody(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]

    answer = operator.ask("GET", f"/events/{event}/report.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()

    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert lines[0].split(";")[:4] == ["agency", "dwelling", "commune", "state"]
    assert len(lines) == 4
    assert not any(secret in answer.text for secret in ("ESSAI", "Odette", "+336"))


# ---- calls ------------------------------------------------------------------


@pytest.fixture
def caller(operator: Program, site: Site, town: Town) -> Program:
    """A day with calls to make."""
    operator.done("/events", LAUNCH)
    for phone in town.rows("phone"):
        town.reply(str(phone["e164"]), "appelez moi")
    return hire(site, Role.CALLER)


def test_a_caller_takes_a_call_rings_and_records_it(caller: Program, town: Town) -> None:
    held = caller.done("/tasks/next")
    task = held["task"]

    assert task["tenants"][0]["last_name"] == "ESSAI"
    assert task["phones"][0]["e164"].startswith("+336")
    assert task["band"] in {"P0", "P1"}
    assert sum(points for _code, points in task["score"]) == task["priority"]
    assert task["claimed_by"] == caller.login
    assert caller.done(f"/tasks/{task['id']}/renew")["held_until"] >= held["held_until"]
    assert caller.done(f"/tasks/{task['id']}/outcome", {"outcome": "REACHED_OK", "note": "va bien"})["closed"]
    assert town.rows("call_outcome")[0]["caller"] == caller.login
    caller.refused("POST", f"/tasks/{task['id']}/outcome", 409, "refused", json={"outcome": "BUSY"})


def test_a_slip_is_taken_back_within_a_minute(caller: Program, site: Site) -> None:
    task = caller.done("/tasks/next")["task"]["id"]
    caller.done(f"/tasks/{task}/outcome", {"outcome": "NO_ANSWER"})

    assert caller.done(f"/tasks/{task}/undo") == {"outcome": "NO_ANSWER"}
    caller.done(f"/tasks/{task}/outcome", {"outcome": "NO_ANSWER"})
    site.now += timedelta(seconds=61)
    caller.refused("POST", f"/tasks/{task}/undo", 409, "refused")


def test_skipping_putting_off_and_giving_back(caller: Program, town: Town) -> None:
    skipped, later, back = (caller.done("/tasks/next")["task"]["id"] for _n in range(3))

    caller.done(f"/tasks/{skipped}/skip", {"reason": "ne répond qu'au voisin"})
    caller.done(f"/tasks/{later}/reschedule", {"reason": "marché", "at": "2026-07-08T14:00:00+02:00"})
    caller.done(f"/tasks/{back}/release")

    assert caller.get("/tasks/held")["tasks"] == []
    assert caller.done("/tasks/next")["task"]["id"] == back
    assert caller.post("/tasks/next").status_code == 204
    assert caller.done("/tasks/leave") == {"released": 1}


def test_two_callers_never_have_the_same_call(caller: Program, site: Site) -> None:
    other = hire(site, Role.CALLER)
    task = caller.done("/tasks/next")["task"]["id"]

    assert other.done("/tasks/next")["task"]["id"] != task
    other.refused("POST", f"/tasks/{task}/claim", 409, "refused")
    other.refused("POST", f"/tasks/{task}/outcome", 409, "refused", json={"outcome": "REACHED_OK"})


# ---- messages and households ------------------------------------------------


def test_a_message_from_an_unknown_number_finds_its_household_and_a_call(operator: Program, town: Town) -> None:
    town.reply("+33612345678", "c'est odette, j'ai change de numero")
    [message] = operator.get("/messages/to-file")["items"]
    home = town.rows("household")[0]["id"]

    task = operator.done(f"/messages/{message['id']}/file", {"household_id": home})["task"]

    assert message["e164"] == "+33612345678"
    assert message["households"] == []
    assert operator.get(f"/tasks/{task}")["household_id"] == home
    assert operator.get(f"/tasks/{task}")["last_reply"] == "c'est odette, j'ai change de numero"
    assert operator.get("/messages/to-file")["items"] == []
    operator.refused("POST", f"/messages/{message['id']}/file", 404, "not_found", json={})


def test_a_message_of_no_concern_is_filed_without_a_call(operator: Program, town: Town) -> None:
    town.reply("+33612345678", "vendez vous des matelas ?")
    [message] = operator.get("/messages/to-file")["items"]

    assert operator.done(f"/messages/{message['id']}/file", {}) == {"task": None}
    assert town.rows("callback_task") == []
    assert town.rows("inbound_message")[0]["filed_by"] == operator.login


def test_a_household_shows_its_history(operator: Program, town: Town) -> None:
    operator.done("/events", LAUNCH)
    phone = str(town.rows("phone")[0]["e164"])
    town.reply(phone, "la chaudiere siffle")
    [found] = operator.done("/households/search", {"words": phone})["households"]

    home = operator.get(f"/households/{found['id']}")

    assert home["phones"][0]["e164"] == phone
    assert {h["kind"] for h in home["history"]} == {"text", "reply", "task"}
    assert "la chaudiere siffle" in {h["words"] for h in home["history"]}


def test_what_a_household_wishes_is_noted_and_taken_back(operator: Program, town: Town) -> None:
    home = f"/households/{town.rows('household')[0]['id']}"

    assert operator.done(f"{home}/opt-out", {"channel": "sms", "purpose": "advice"}) == {"numbers": 1}
    assert operator.done(f"{home}/hold", {"until": "2026-07-31"})["until"].startswith("2026-08-01T00:00:00")
    wishes = operator.done(
        f"{home}/prefer", {"language": "en", "channel": "call", "hours": {"begins": "14:00", "ends": "16:00"}}
    )
    assert [(r["channel"], r["purpose"]) for r in wishes["refusals"]] == [("sms", "advice")]
    assert (wishes["language"], wishes["channel"], wishes["hours_from"]) == ("en", "call", "14:00:00")

    assert operator.done(f"{home}/opt-in", {"channel": "sms", "purpose": "advice"}) == {"lifted": 1, "by_text": False}
    assert operator.done(f"{home}/back") == {"was_away": True}
    operator.done(f"{home}/prefer", {"language": "none", "channel": "none", "any_hour": True})
    kept = operator.get(f"{home}/wishes")
    assert kept["refusals"] == []
    assert [kept[name] for name in ("language", "channel", "hours_from", "away_until")] == [None] * 4
    operator.refused("POST", f"{home}/opt-in", 409, "refused", json={})


# ---- live -------------------------------------------------------------------


def told(answer: requests.Response) -> Iterator[tuple[str, dict[str, object]]]:
    name = ""
    for line in answer.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


class Listening:
    """Like Program.ask, but without reading to the end first."""

    def __init__(self, program: Program, event: str) -> None:
        session = requests.Session()
        session.trust_env = False
        self.answer = session.get(
            f"{program.site.url}/api/v1/events/{event}/stream",
            headers={"Authorization": f"Bearer {program.token}"},
            stream=True,
            timeout=20,
        )
        self.told = told(self.answer)


def test_progress_is_told_as_it_happens_until_the_end(operator: Program, town: Town) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    live = Listening(operator, event)

    assert live.answer.headers["Content-Type"].startswith("text/event-stream")
    first = next(live.told)[1]
    assert (first["state"], first["progress"]["waiting"]) == ("running", 3)
    town.sent(int(event))
    assert next(live.told)[1]["progress"]["sent"] == 3
    operator.done(f"/events/{event}/pause")
    assert next(live.told)[1]["state"] == "paused"
    operator.done(f"/events/{event}/cancel")
    assert next(live.told)[1]["state"] == "cancelled"
    assert next(live.told) == ("end", {"state": "cancelled"})
    assert next(live.told, None) is None


def test_an_event_that_is_over_is_told_once(operator: Program) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    operator.done(f"/events/{event}/cancel")

    assert [name for name, _data in Listening(operator, event).told] == ["progress", "end"]


def test_a_token_revoked_meanwhile_hears_no_more(operator: Program, site: Site) -> None:
    event = operator.done("/events", LAUNCH)["event"]
    watcher = hire(site)
    live = Listening(watcher, event)
    next(live.told)

    staffing.disable(site.db, watcher.login, by=TERMINAL, now=site.now)

    assert next(live.told) == ("end", {"state": "running"})


def test_places_are_given_back_by_whoever_hangs_up(operator: Program) -> None:
    event = operator.done("/events", LAUNCH)["event"]

    for _round in range(3):
        listening = [Listening(operator, event) for _n in range(25)]
        threads = [threading.Thread(target=next, args=(live.told,)) for live in listening]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {live.answer.status_code for live in listening} == {200}
        for live in listening:
            live.answer.close()
    last = Listening(operator, event)
    assert next(last.told)[0] == "progress"
    last.answer.close()
