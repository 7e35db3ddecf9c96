"""A report to print."""

from zoneinfo import ZoneInfo

from worker import paper
from worker.domain.recipients import RecipientState
from worker.domain.reports import NextStep, next_step
from worker.services.summaries import Report
from worker.settings import Settings
from worker.store.reports import Home


def page(made: Report, settings: Settings, *, agency: str | None = None) -> str:
    """A page of HTML. agency: the only one it is about."""
    return paper.render(
        "report.html",
        timezone=ZoneInfo(settings.timezone),
        language=settings.language,
        now=made.summary.made_at,
        report=made,
        agency=agency,
        unreached=[(home, following(home)) for home in made.unreached],
    )


def following(home: Home) -> NextStep:
    """What comes next for a household that was not reached."""
    return next_step(RecipientState(home.state), texted=home.contacted_at is not None)
