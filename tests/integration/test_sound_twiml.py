"""Whatever a hook of ours answers to a call, at any hour and to anybody, is TwiML that the provider documents."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from tests.integration import site as sites
from tests.integration.test_automatic_calls import landline_home
from tests.integration.test_bridges import ODILE, OWN, PUBLIC, Bridges, Exchange, Provider
from tests.integration.test_line import AGENCY, LINE, WITHHELD
from tests.outages import away
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.staffing import TERMINAL
from worker.settings_tables import AgencySettings
from worker.store.database import Database
from worker.twilio.calls import HOOKS

STRANGER = "+33612000000"
VERBS = {"Say", "Gather", "Dial"}
DIGITS = ("1", "", "2", "3", "4", "7", "9", "*")
LOOKED_UP = ("message", "automatic_call", "incoming_call", "bridged_call")
ANSWERED_BY = ("human", "machine_end_beep")
DIALLED = ({"DialCallStatus": "completed", "DialCallDuration": "95"}, {"DialCallStatus": "busy"})
# Hooks that are told something and have nothing to say.
SILENT = frozenset({"status", "amd", "bridge/status", "bridge/ended"})


class Landlord(Exchange):
    """A console whose landlord's agency has a telephone."""

    def _program(self):  # type: ignore[no-untyped-def]
        program = super()._program()
        settings = program.settings.model_copy(update={"agencies": {"01": AgencySettings(phone=AGENCY)}})
        return replace(program, settings=settings)


class Exchanges(Bridges):
    """A town in which all kinds of calls are under way."""

    def hooks(self) -> list[str]:
        """The addresses of all hooks of calls."""
        routes = sites.assemble(self.site.parts()).app.routes  # type: ignore[attr-defined]
        paths = [getattr(route, "path", "") for route in routes]
        return [path.removeprefix(f"{HOOKS}/") for path in paths if path.startswith(HOOKS)]

    def answers(self, hook: str, query: str, form: Mapping[str, str]) -> set[str]:
        """The verbs of what a hook answers; the site makes sure that it is sound."""
        answer = self.site.post(f"{HOOKS}/{hook}{query}", form, public=PUBLIC)
        assert answer.status_code in {200, 204, 503}
        if answer.status_code != 200:
            return set()
        return VERBS & {element.tag for element in ET.fromstring(answer.text).iter()}  # noqa: S314  # our own


@pytest.fixture
def town(db: Database, now: object) -> Iterator[Exchanges]:
    town = Exchanges(db, now)  # type: ignore[arg-type]
    town.provider = Provider()
    staffing.add(
        db, login=ODILE, password="trois mots sans rapport", role=Role.CALLER, agencies=(), by=TERMINAL, now=town.now
    )
    staffing.set_phone(db, ODILE, OWN, by=TERMINAL, now=town.now)
    with sites.running(Landlord(db, town.now)) as running:
        town.site = running  # type: ignore[assignment]
        yield town


ASKED, CONNECTED = {"Say", "Gather"}, {"Dial"}
OPEN = {
    "answer": ASKED,
    "gather": ASKED,
    "fallback": {"Say"},
    "inbound": ASKED,
    "inbound/keys": ASKED | CONNECTED,
    "inbound/transferred": {"Say"},
    "bridge/answer": ASKED,
    "bridge/connect": CONNECTED,
    "bridge/fallback": {"Say"},
}
# The caller has lost the task by then.
CLOSED = OPEN | {"inbound/keys": ASKED, "bridge/answer": set(), "bridge/connect": {"Say"}}
# What can still be said is said without looking anything up.
AWAY = {hook: {"Say"} for hook in ("fallback", "bridge/fallback", "inbound", "inbound/keys", "inbound/transferred")}


@pytest.mark.parametrize(
    ("hours_later", "tables_away", "verbs"),
    [(0, (), OPEN), (11, (), CLOSED), (0, LOOKED_UP, AWAY)],
    ids=["in office hours", "in the evening", "while the database is away"],
)
def test_every_answer_to_a_call_is_sound(
    town: Exchanges, hours_later: int, tables_away: tuple[str, ...], verbs: Mapping[str, set[str]]
) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    [call] = town.place()
    _other, task = town.hand()
    bridge = town.ring(task)
    town.site.now = town.now + timedelta(hours=hours_later)
    places = {
        "bridge": ("", "?b=999", f"?b={bridge}"),
        "inbound": ("", "?n=1", "?n=3"),
        "": ("", "?m=1", f"?m={call.message_id}&a={call.attempt_id}", f"?m={call.message_id}&a={call.attempt_id}&n=3"),
    }
    said: dict[str, set[str]] = defaultdict(set)
    with ExitStack() as outage:
        for table in tables_away:
            outage.enter_context(away(town.db, table))
        for hook in town.hooks():
            kind = next(kind for kind in places if hook.startswith(kind))
            sid = {"bridge": f"CA{bridge:032x}", "": town.sid(call)}.get(kind)
            people = [home.phone, STRANGER, WITHHELD] if kind == "inbound" else [LINE]
            ways = product(places[kind], people, DIGITS, ANSWERED_BY if kind == "" else ("human",), DIALLED)
            for nth, (query, person, digits, answered_by, dialled) in enumerate(ways):
                form = {"CallSid": sid or f"CA{nth:032x}", "From": person, "To": call.to, "CallStatus": "in-progress"}
                told = form | {"Digits": digits, "AnsweredBy": answered_by} | dialled
                said[hook] |= town.answers(hook, query, told)

    assert {hook: found for hook, found in said.items() if found} == {hook: v for hook, v in verbs.items() if v}
    assert said.keys() >= verbs.keys() | SILENT
