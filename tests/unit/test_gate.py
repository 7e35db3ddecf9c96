"""How many requests may be under way at once."""

import asyncio
from collections.abc import Awaitable, Callable

from worker.twilio.gate import Gate


class Visitors:
    """Comes in through the gate and stays until told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside = 0
        self.order: list[int] = []
        self.leave = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def _visit(self, name: int, *, first: bool = False) -> None:
        async with self.gate.first if first else self.gate:
            self.inside += 1
            self.order.append(name)
            await self.leave.wait()
            self.inside -= 1

    def arrive(self, number: int, *, first: bool = False) -> None:
        self.tasks += [asyncio.create_task(self._visit(len(self.tasks) + n, first=first)) for n in range(number)]

    async def all_gone(self) -> None:
        self.leave.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def play(scene: Callable[[Visitors], Awaitable[None]]) -> None:
    async def act() -> None:
        visitors = Visitors(Gate())
        await scene(visitors)
        await visitors.all_gone()

    asyncio.run(act())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_more_than_its_width_are_inside_and_the_first_come_is_the_first_served() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(3)
        visitors.arrive(10)
        await settle()

        assert visitors.inside == 3

        await visitors.all_gone()

        assert visitors.order == list(range(10))

    play(scene)


def test_widening_lets_more_in_and_narrowing_lets_those_inside_finish() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(2)
        visitors.arrive(10)
        await settle()
        visitors.gate.widen_to(5)
        await settle()

        assert visitors.inside == 5

        visitors.gate.widen_to(1)
        await settle()

        assert visitors.inside == 5

    play(scene)


def test_a_width_of_nothing_still_lets_one_through() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(0)
        visitors.arrive(2)
        await settle()

        assert visitors.inside == 1

    play(scene)


def test_who_gives_up_waiting_does_not_keep_a_place() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(1)
        visitors.arrive(3)
        await settle()
        visitors.tasks[1].cancel()
        await settle()
        await visitors.all_gone()

        assert visitors.order == [0, 2]

    play(scene)


def test_who_gives_up_at_the_moment_of_being_let_in_gives_the_place_back() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(1)
        visitors.arrive(2)
        await settle()
        visitors.gate.widen_to(2)
        visitors.tasks[1].cancel()
        visitors.arrive(1)
        await settle()

        assert visitors.order == [0, 2]

    play(scene)


def test_whoever_is_waited_for_has_the_next_place_and_waits_like_the_others_for_it() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(2)
        visitors.arrive(5)
        await settle()
        visitors.arrive(2, first=True)
        await settle()

        assert visitors.order == [0, 1]

        await visitors.all_gone()

        assert visitors.order == [0, 1, 5, 6, 2, 3, 4]

    play(scene)
