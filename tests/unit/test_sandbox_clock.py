"""The stand-in's clock: a jump does one thing after the other, and waits for what each of them set going."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.twilio.clock import Clock


def test_a_jump_waits_for_what_began_before_the_next_thing_is_due() -> None:
    """Somebody picks up, the words are fetched, and a key follows from them: before what was due later already."""
    done: list[str] = []

    def play(clock: Clock, fetching: list[Callable[[], None]]) -> None:
        def pick_up(at: float) -> None:
            fetching.append(lambda: clock.at(at + 4, press))

        def press(_at: float) -> None:
            fetching.append(lambda: done.append("the key was posted"))

        clock.at(7.0, pick_up)
        clock.at(19.0, lambda _at: done.append("who picked up is told"))

    _jump(play, 200.0)

    assert done == ["the key was posted", "who picked up is told"]


def test_each_thing_happens_at_its_own_time() -> None:
    times: list[tuple[float, float]] = []

    def play(clock: Clock, fetching: list[Callable[[], None]]) -> None:
        def note(at: float) -> None:
            times.append((at, clock.now()))

        clock.at(5.0, lambda at: fetching.append(lambda: clock.at(at + 1, note)))
        clock.at(30.0, note)

    _jump(play, 100.0)

    assert times == [(6.0, 6.0), (30.0, 30.0)]


def _jump(play: Callable[[Clock, list[Callable[[], None]]], None], seconds: float) -> None:
    """Sets a play up on a stopped clock and jumps; what is being fetched is there at each pause."""

    async def run() -> None:
        clock, fetching = Clock(0.0, speed=0.0), list[Callable[[], None]]()
        play(clock, fetching)
        await clock.jump(seconds, pause=_arrivals(fetching))

    asyncio.run(run())


def _arrivals(fetching: list[Callable[[], None]]) -> Callable[[], Awaitable[None]]:
    async def pause() -> None:
        while fetching:
            fetching.pop(0)()

    return pause
