"""Today: what is going on, what must not be overlooked, who rings whom until when. It keeps itself up to date."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.recipients import RecipientState
from worker.domain.roles import Right
from worker.i18n import _
from worker.labels import label
from worker.paper import drawings
from worker.services import boards, filing
from worker.web import pages
from worker.web.console import alarms, live
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

# In the order in which a day goes well: who is done with, who waits, whom to ring, whom nobody reached.
STATES: tuple[tuple[RecipientState, str], ...] = (
    (RecipientState.FINE, "fill-good"),
    (RecipientState.REACHED, "fill-good"),
    (RecipientState.INFORMED, "fill-good"),
    (RecipientState.ABSENT, "fill-soft"),
    (RecipientState.WAITING, "fill"),
    (RecipientState.CALLBACK, "fill-warn"),
    (RecipientState.UNREACHED, "fill-danger"),
    (RecipientState.EXCLUDED, "fill-none"),
    (RecipientState.CANCELLED, "fill-none"),
)
# More than these are "100 and more": somebody has to sit down for them anyway.
LETTERS_MOST = 100
PIECES = ("alarms", "events", "queue", "letters")


def routes(parts: Parts, lines: live.Lines) -> list[BaseRoute]:
    sees = Right.SEE_EVENTS
    return [
        visits.route(parts, "/board", board, right=sees),
        live.route(parts, "/board/live", pieces, right=sees, lines=lines),
    ]


def board(visit: Visit) -> Response:
    """Everything at a glance."""
    return visit.page("board.html", **_content(visit))


def pieces(visit: Visit) -> Mapping[str, str]:
    """The parts of the page that change, by the id of the element they belong into."""
    frame, content = visit.frame(), _content(visit)
    return {name: pages.render(f"board_{name}.html", frame, **content) for name in PIECES}


def bar_of(states: Mapping[str, int]) -> Markup:
    """How the households of an event stand, as one bar."""
    shares = [drawings.Share(label(state), states.get(state, 0), fill) for state, fill in STATES]
    return drawings.bar([s for s in shares if s.value], title=_("Les foyers par état"))


def _content(visit: Visit) -> dict[str, Any]:
    program = visit.program
    seen = boards.board(
        visit.parts.db, agencies=visit.me.scope, desk=program.desk, settings=program.settings, now=visit.now
    )
    return {
        "board": seen,
        "alarms": alarms.of(seen, broken=sorted(program.broken), desk=program.desk, now=visit.now),
        "bands": boards.BANDS,
        "states": [state for state, _fill in STATES],
        "bar": bar_of,
        "letters": len(filing.to_file(visit.parts.db, agencies=visit.me.scope, limit=LETTERS_MOST)),
        "letters_most": LETTERS_MOST,
    }
