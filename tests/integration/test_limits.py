"""What the provider takes at once is shared by all workers, halved when it refuses, and comes back by itself."""

from datetime import timedelta

from tests.integration.conftest import Town
from worker.store import limits

MOST = 100
HELD = timedelta(seconds=15)


def _share(town: Town, holder: str = "a") -> int:
    with town.db.begin() as connection:
        return limits.share_in_flight(
            connection, holder, budget=MOST, keep_to=lambda _slots: 0, held_for=HELD, now=town.now
        )


def _narrow(town: Town) -> int | None:
    with town.db.begin() as connection:
        return limits.narrow(connection, most=MOST, now=town.now)


def test_without_a_refusal_the_whole_budget_is_there(town: Town) -> None:
    assert _share(town) == MOST


def test_a_refusal_halves_it_at_once_for_everybody(town: Town) -> None:
    _narrow(town)

    assert _share(town, "a") == 50
    assert _share(town, "b") == 0  # until the other has given some back
    assert _share(town, "a") == 25
    assert _share(town, "b") == 25


def test_many_refusals_in_one_second_halve_it_once(town: Town) -> None:
    assert [_narrow(town) for _refusal in range(5)] == [50, None, None, None, None]


def test_refusals_that_go_on_halve_it_again_but_something_always_leaves(town: Town) -> None:
    for _second in range(20):
        _narrow(town)
        town.now += timedelta(seconds=1)

    assert limits.LEAST <= _share(town) <= 8


def test_it_comes_back_within_half_a_minute(town: Town) -> None:
    _narrow(town)
    shares = []
    for _step in range(4):
        town.now += timedelta(seconds=5)
        shares.append(_share(town))

    assert shares == [66, 83, 100, 100]
