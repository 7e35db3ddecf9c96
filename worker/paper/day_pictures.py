"""The picture of a day: from the list to those who were reached, and the calls hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from worker.domain.reports import Figures, Happening, Hour, Waiting
from worker.i18n import _
from worker.labels import label
from worker.paper import drawings
from worker.paper.drawings import Series, Share

# Two days fit on a picture; of a longer event the last two are drawn.
HOURS_MOST = 48
DRAWN = (
    (Happening.TEXTED, "fill"),
    (Happening.REPLIED, "fill-good"),
    (Happening.CALLED, "fill-warn"),
    (Happening.INFORMED, "fill-soft"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One hour in figures, for the table beside the pictures."""

    hour: str
    counts: Sequence[int]
    waiting: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it. names: of the counts of each row, with the class that colours them."""

    funnel: Markup
    hours: Markup | None
    waiting: Markup | None
    names: Sequence[tuple[str, str]]
    rows: Sequence[Row]


def of_day(figures: Figures, hours: Sequence[Hour], waiting: Sequence[Waiting]) -> Picture:
    """Drawn from the figures of a report. waiting: open calls at the end of each hour."""
    marks = _marks(hours, waiting)
    counts = {what: [_sum(hours, mark, what) for mark in marks] for what, _fill in DRAWN}
    left = [_left(waiting, mark) for mark in marks]
    names = [_name(mark, marks) for mark in marks]
    series = [Series(label(what), counts[what], fill) for what, fill in DRAWN]
    return Picture(
        funnel=drawings.funnel(_steps(figures), title=_("De la liste aux foyers joints")),
        hours=drawings.columns(names, series, title=_("Ce qui s'est passé, heure par heure")) if marks else None,
        waiting=drawings.steps(
            names, Series(_("appels à faire"), left, "fill-warn"), title=_("Appels à faire, heure par heure")
        )
        if any(left)
        else None,
        names=[(label(what), fill) for what, fill in DRAWN],
        rows=[
            Row(name, [counts[what][place] for what, _fill in DRAWN], left[place]) for place, name in enumerate(names)
        ],
    )


def _steps(figures: Figures) -> list[Share]:
    return [
        Share(_("sur la liste"), figures.listed),
        Share(_("à joindre"), figures.listed - figures.excluded - figures.cancelled),
        Share(_("joints"), figures.reached, "fill-good"),
        Share(_("par leur réponse"), figures.replied, "fill-soft"),
        Share(_("par téléphone"), figures.called, "fill-soft"),
        Share(_("par le SMS seul"), figures.informed, "fill-soft"),
        Share(_("en cours"), figures.still_open, "fill-warn"),
        Share(_("non joints"), figures.unreached, "fill-danger"),
    ]


def _marks(hours: Sequence[Hour], waiting: Sequence[Waiting]) -> list[datetime]:
    """Every hour from the first to the last in which something happened."""
    seen = [_at(one.day, one.hour) for one in hours] + [_at(one.day, one.hour) for one in waiting]
    if not seen:
        return []
    count = int((max(seen) - min(seen)) / timedelta(hours=1)) + 1
    first = max(min(seen), max(seen) - timedelta(hours=min(count, HOURS_MOST) - 1))
    return [first + timedelta(hours=n) for n in range(min(count, HOURS_MOST))]


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001  # wall-clock hours, as people read them


def _sum(hours: Sequence[Hour], mark: datetime, what: Happening) -> int:
    return sum(h.households for h in hours if h.what is what and _at(h.day, h.hour) == mark)


def _left(waiting: Sequence[Waiting], mark: datetime) -> int:
    """What was open at the end of the hour: as at the end of the last hour in which that changed."""
    before = [one for one in waiting if _at(one.day, one.hour) <= mark]
    return max(before, key=lambda one: (one.day, one.hour)).tasks if before else 0


def _name(mark: datetime, marks: Sequence[datetime]) -> str:
    several = marks[0].date() != marks[-1].date()
    return (
        f"{mark:%d/%m} {mark.hour}\u00a0h"
        if several and (mark == marks[0] or mark.hour == 0)
        else f"{mark.hour}\u00a0h"
    )
