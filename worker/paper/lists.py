"""The callers' list as one printed page, or as a PDF."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from worker import paper
from worker.domain.outcomes import OutcomeCode
from worker.services.call_sheets import AgencySheets
from worker.settings import Settings


def calls(agencies: Sequence[AgencySheets], settings: Settings, *, now: datetime) -> str:
    """A page of HTML with a sheet for each household. It names people: for its owner alone, destroyed after use."""
    return paper.render(
        "calls.html",
        timezone=ZoneInfo(settings.timezone),
        language=settings.language,
        now=now,
        agencies=agencies,
        outcomes=list(OutcomeCode),
    )


def calls_pdf(agencies: Sequence[AgencySheets], settings: Settings, *, now: datetime) -> bytes:
    """The same sheets as a PDF. What draws it is loaded when it is first wanted."""
    from worker.paper import call_pdf

    return call_pdf.calls(agencies, settings, now=now)
