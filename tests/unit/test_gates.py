"""What goes in rounds takes no more than its share of a process's threads."""

from dataclasses import dataclass, field

import pytest

from worker.gates import AT_ONCE, Gates, Gathering, Round


@pytest.mark.parametrize("kind", list(Round))
def test_no_more_rounds_of_a_kind_than_there_are_places(kind: Round) -> None:
    gates = Gates(dict.fromkeys(Round, 1))

    with gates.admit(kind) as first, gates.admit(kind) as second:
        assert (first, second) == (True, False)
    with gates.admit(kind) as third:
        assert third


def test_a_round_that_breaks_gives_its_place_back() -> None:
    gates = Gates()

    with pytest.raises(RuntimeError), gates.admit(Round.SWEEP):
        raise RuntimeError

    with gates.admit(Round.SWEEP) as admitted:
        assert admitted


def test_most_threads_stay_free_for_replies_whatever_rounds_are_under_way() -> None:
    """A process has eight by default; rounds that only look for work are short, and never two of a kind."""
    assert sum(AT_ONCE[kind] for kind in (Round.TEXTS, Round.CALLS, Round.SWEEP, Round.LADDER)) < 8
    assert all(AT_ONCE[kind] == 1 for kind in Round if kind is not Round.TEXTS)


def test_an_event_turned_away_is_told_to_who_leaves_once() -> None:
    gates = Gates(dict.fromkeys(Round, 1))

    with gates.admit_texts(1) as admitted, gates.admit_texts(2) as turned_away, gates.admit_texts(2):
        assert (admitted, turned_away) == (True, False)

    assert gates.turned_away() == [2]
    assert gates.turned_away() == []


@dataclass
class Moments:
    """A clock that is set."""

    now: float = 100.0
    gathering: Gathering = field(init=False)

    def __post_init__(self) -> None:
        self.gathering = Gathering(0.5, clock=lambda: self.now)

    def reason_at(self, moment: float) -> float | None:
        self.now = moment
        return self.gathering.delay_s()


def test_the_first_reason_wakes_at_once() -> None:
    assert Moments().reason_at(100.0) == 0.0


def test_reasons_that_come_soon_after_share_one_wake_up_that_comes_after_all_of_them() -> None:
    moments = Moments()
    moments.reason_at(100.0)

    assert moments.reason_at(100.25) == 0.25  # wakes at 100.5
    assert moments.reason_at(100.375) is None
    assert moments.reason_at(100.4375) is None


def test_a_reason_after_the_last_wake_up_is_never_left_out() -> None:
    moments = Moments()
    moments.reason_at(100.0)
    moments.reason_at(100.25)

    assert moments.reason_at(100.5) == 0.5
    assert moments.reason_at(102.0) == 0.0
