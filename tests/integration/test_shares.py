"""What one process may have under way, and how many texts it claims ahead."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.integration.conftest import Town
from worker.services.shares import Share


@dataclass
class Way:
    """In the gateway's place. in_the_air: texts at once, texts at their moments.

    seen: what the process might begin when it was told its part."""

    takes: float | None = None
    in_the_air: tuple[int, int] = (0, 0)
    seen: list[int] = field(default_factory=list)
    asked: Callable[[], int] = lambda: 0

    def in_hand(self, *, timed: bool) -> int:
        return self.in_the_air[timed]

    def takes_s(self) -> float | None:
        return self.takes

    def keep_to(self, _part: int) -> int:
        self.seen.append(self.asked())
        return 0


def _share(town: Town, way: Way, holder: str = "a", slots: int = 0) -> Share:
    made = Share(town.db, way, holder, most=10, clock=lambda: town.now, slots=slots)  # type: ignore[arg-type]
    way.asked = made.in_flight
    return made


def test_a_part_grows_only_once_the_database_knows_and_shrinks_before_it(town: Town) -> None:
    way = Way()
    first, second = _share(town, Way(), "b"), _share(town, way)

    assert second.deal() == 10
    assert first.deal() == 0
    assert second.deal() == 5
    assert way.seen == [1, 5]


def test_a_batch_that_begins_late_goes_by_the_newest_part(town: Town) -> None:
    share = _share(town, Way(), slots=10)
    with share.places() as places:
        places.ask(10, paced=False)
        share.slots = 4

        assert places.begin() == 4


@pytest.mark.parametrize(("takes_s", "ahead"), [(None, 0), (0.0, 2), (0.1, 2), (0.37, 2), (0.6, 1), (0.8, 0), (9.0, 0)])
def test_the_slower_the_answers_the_fewer_texts_are_claimed_ahead(
    town: Town, takes_s: float | None, ahead: int
) -> None:
    share = _share(town, Way(takes_s, in_the_air=(3, 7)), slots=10)

    assert share.keep(100, paced=False) == 10 + 10 * ahead - 3


def test_who_keeps_a_pace_is_in_nobodys_way_but_that_of_its_like(town: Town) -> None:
    share = _share(town, Way(0.1, in_the_air=(30, 4)), slots=10)

    assert share.keep(100, paced=True) == 6


def test_two_batches_claimed_at_once_do_not_count_on_the_same_places(town: Town) -> None:
    share = _share(town, Way(), slots=10)
    with share.places() as first, share.places() as second:
        assert (first.ask(8, paced=False), second.ask(8, paced=False)) == (8, 2)
    with share.places() as third:
        assert third.ask(100, paced=False) == 10


def test_a_tiny_part_makes_no_large_batches(town: Town) -> None:
    assert [_share(town, Way()).batch(free) for free in (1, 2, 5, 50)] == [2, 4, 10, 50]


def test_that_the_provider_refuses_so_many_is_told_once(town: Town) -> None:
    share = _share(town, Way())

    with capture_logs() as logged:
        for _second in range(60):
            share.narrow()
            town.now += timedelta(seconds=1)

    assert [entry["event"] for entry in logged] == ["provider_refuses_so_many"]
