"""A trouble that goes on is told once."""

from worker.logs import Told


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_trouble_met_every_second_for_an_hour_is_news_once() -> None:
    watch = Watch()
    told = Told(clock=watch)
    news = 0
    for second in range(3600):
        watch.s = second
        news += told.is_news("PostgreSQL is away")

    assert news == 1


def test_another_trouble_is_news_of_its_own() -> None:
    told = Told(clock=Watch())

    assert [told.is_news(trouble) for trouble in ("away", "disk full", "away")] == [True, True, False]


def test_it_is_over_when_it_has_not_been_met_for_a_while_and_that_is_said_once() -> None:
    watch = Watch()
    told = Told(over_after_s=60, clock=watch)
    told.is_news("disk full")
    watch.s = 59
    still_on = told.is_over()  # what only reads succeeds on a full disk
    watch.s = 61

    assert [still_on, told.is_over(), told.is_over()] == [False, True, False]


def test_what_comes_back_after_a_while_is_news_again() -> None:
    watch = Watch()
    told = Told(over_after_s=60, clock=watch)
    told.is_news("away")
    watch.s = 61

    assert told.is_news("away")
