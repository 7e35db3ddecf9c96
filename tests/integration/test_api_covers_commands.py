"""Everything the command line can do, the interface can: each command has its route."""

import typer

from tests.integration.test_api_roles import ROUTES
from worker.cli import cli

# What runs a process, or is done on the machine before anything else runs.
ON_THE_MACHINE = {"migrate", "worker", "scheduler", "web"}

ROUTES_OF = {
    "check": ["GET /check"],
    "import": ["POST /imports/dry-run", "POST /imports"],
    "campaigns": ["GET /campaigns"],
    "preview": ["GET /campaigns/{campaign}/preview", "GET /campaigns/{campaign}/households"],
    "launch": ["POST /events", "POST /campaigns/{campaign}/test"],
    "events": ["GET /events"],
    "report": [f"GET /events/{{event}}/report{kind}" for kind in ("", ".csv", ".html")],
    "tasks": ["GET /tasks", "GET /tasks/sheets.html"],
    "refusals": ["GET /refusals"],
    "event show": ["GET /events/{event}", "GET /events/{event}/stream"],
    **{f"event {verb}": [f"POST /events/{{event}}/{verb}"] for verb in ("pause", "resume", "cancel", "pace", "extend")},
    "event add": ["POST /events/{event}/households"],
    "event all-clear": ["POST /events/{event}/all-clear"],
    **{f"schedule {verb}": [f"POST /schedules/{{campaign}}/{verb}"] for verb in ("extend", "pause", "resume", "seen")},
    "task done": ["POST /tasks/{task}/outcome"],
    "task show": ["GET /tasks/{task}"],
    "task next": ["POST /tasks/next"],
    "task leave": ["POST /tasks/leave"],
    **{
        f"task {verb}": [f"POST /tasks/{{task}}/{verb}"]
        for verb in ("claim", "renew", "release", "skip", "reschedule", "undo")
    },
    "person show": ["GET /households/{household}/wishes"],
    **{
        f"person {verb}": [f"POST /households/{{household}}/{verb}"]
        for verb in ("opt-out", "opt-in", "hold", "back", "prefer")
    },
    "refusal lift": ["POST /refusals/{household}/lift"],
    "partner add": ["POST /partners"],
    "partner list": ["GET /partners"],
    "partner import": ["POST /partners/import/dry-run", "POST /partners/import"],
    **{f"partner {verb}": [f"POST /partners/{{partner}}/{verb}"] for verb in ("close", "reopen")},
    "referral add": ["POST /households/{household}/referrals"],
    "referral list": ["GET /referrals"],
    "referral show": ["GET /referrals/{referral}"],
    "referral print": ["GET /referrals/{referral}/form.html"],
    **{f"referral {verb}": [f"POST /referrals/{{referral}}/{verb}"] for verb in ("consent", "sent", "mail", "move")},
    "user add": ["POST /users"],
    "user list": ["GET /users"],
    "user code": [f"POST /users/{{login}}/code{step}" for step in ("", "/confirm", "/off")],
    "user token": ["POST /users/{login}/tokens"],
    "user tokens": ["GET /users/{login}/tokens"],
    "user revoke": ["POST /users/{login}/tokens/{token}/revoke"],
    **{
        f"user {verb}": [f"POST /users/{{login}}/{verb}"]
        for verb in ("disable", "enable", "password", "name", "role", "phone")
    },
}


def _commands(group: typer.core.TyperGroup, *before: str) -> list[str]:
    found = []
    for name, command in group.commands.items():
        whole = (*before, name)
        found += _commands(command, *whole) if isinstance(command, typer.core.TyperGroup) else [" ".join(whole)]
    return found


def test_each_command_has_a_route() -> None:
    commands = _commands(typer.main.get_command(cli))  # type: ignore[arg-type]

    assert set(commands) == set(ROUTES_OF) | ON_THE_MACHINE


def test_each_of_these_routes_is_there() -> None:
    known = {f"{method} {path}" for method, path in ROUTES}

    assert {route for routes in ROUTES_OF.values() for route in routes} <= known
