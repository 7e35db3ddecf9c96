"""Ringing through the system: the caller's own phone first, then the household, which sees the landlord's number."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.roles import Right
from worker.services import bridging, staffing
from worker.web.console import card as cards
from worker.web.console import users
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    return [
        visits.route(parts, "/tasks/{id}/bridge", ring, right=Right.RING, posts=True),
        visits.route(parts, "/desk/phone", own_phone, right=Right.RING, posts=True),
        visits.route(parts, "/users/{id}/phone", somebodys_phone, right=Right.MANAGE_USERS, posts=True),
    ]


def ring(visit: Visit) -> Response:
    """The caller's own phone rings in a moment."""
    task = cards.visible(visit)
    program = visit.program
    rig = bridging.Rig(visit.parts.db, program.settings, program.desk, program.place_bridge)
    bridging.start(rig, task.id, caller=visit.me, number=visit.said("number"), now=visit.now)
    return visits.see(f"/tasks/{task.id}#bridge")


def own_phone(visit: Visit) -> Response:
    """One's own telephone, or none any more."""
    number = None if visit.said("do") == "forget" else visit.said("phone")
    staffing.set_phone(visit.parts.db, visit.me.login, number, by=visit.me, now=visit.now)
    return visits.see("/desk?phone=1")


def somebodys_phone(visit: Visit) -> Response:
    """Somebody's telephone, written by an admin. It is not shown afterwards either."""
    number = visit.said("phone") or None
    staffing.set_phone(visit.parts.db, users.found(visit).login, number, by=visit.me, now=visit.now)
    return visits.see("/users")
