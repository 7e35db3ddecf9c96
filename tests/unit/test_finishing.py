"""When an agency's callers are through, and whether they go home before."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.domain import finishing
from worker.domain.calendar import CallHours
from worker.domain.capacity import Crew
from worker.domain.finishing import Finish, Queue

PARIS = ZoneInfo("Europe/Paris")
# A Friday; the callers of an alert go home at 19:00, which is 17:00 UTC.
FRIDAY_AT_17_55 = datetime(2026, 7, 10, 15, 55, tzinfo=UTC)
CREW = Crew(1, CallHours())


def _finishes(*queues: Queue, present: tuple[tuple[str, ...], ...] = (), crew: Crew = CREW) -> dict[str, Finish]:
    return finishing.finishes(
        queues,
        present=present,
        crews={queue.agency: crew for queue in queues},
        per_call=timedelta(minutes=10),
        now=FRIDAY_AT_17_55,
        tz=PARIS,
        holidays=(),
    )


@pytest.mark.parametrize(
    ("calls", "callers", "late"), [(6, 1, False), (7, 1, True), (7, 2, False), (13, 2, False), (14, 2, True)]
)
def test_calls_that_take_longer_than_the_callers_stay_are_late(calls: int, callers: int, late: bool) -> None:
    found = _finishes(Queue("01", calls, urgent=True), present=(("01",),) * callers)["01"]

    assert (found.present, found.late) == (callers, late)


def test_a_caller_of_several_agencies_is_shared_among_those_with_calls_to_make() -> None:
    found = _finishes(
        Queue("01", 3, urgent=True), Queue("02", 3, urgent=True), Queue("03", 0, urgent=True), present=((),)
    )

    assert [found[code].hands for code in ("01", "02")] == [0.5, 0.5]
    assert found["01"].at == FRIDAY_AT_17_55 + timedelta(minutes=60)


def test_with_nobody_there_the_planned_callers_are_reckoned_with_and_it_says_so() -> None:
    found = _finishes(Queue("01", 3, urgent=True))["01"]

    assert (found.present, found.planned, found.at) == (0, True, FRIDAY_AT_17_55 + timedelta(minutes=30))


def test_with_nobody_there_and_nobody_planned_it_never_ends() -> None:
    found = _finishes(Queue("01", 3, urgent=True), crew=Crew(0, CallHours()))["01"]

    assert (found.at, found.late) == (None, True)


def test_an_agency_without_calls_to_make_now_is_not_late() -> None:
    found = _finishes(Queue("01", 0, urgent=False))["01"]

    assert (found.at, found.late) == (None, False)
