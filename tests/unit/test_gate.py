"""How many requests may be under way at once."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from worker.twilio.gate import Gate, Turn


class Visitors:
    """Comes in through the gate and stays until told to leave."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.inside = 0
        self.order: list[int] = []
        self.leave = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def _visit(self, name: int, turn: Turn) -> None:
        async with self.gate.at(turn):
            self.inside += 1
            self.order.append(name)
            await self.leave.wait()
            self.inside -= 1

    def arrive(self, number: int, turn: Turn = Turn.BULK) -> None:
        self.tasks += [asyncio.create_task(self._visit(len(self.tasks) + n, turn)) for n in range(number)]

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
        visitors.gate.widen_to(lambda: 3)
        visitors.arrive(10)
        await settle()

        assert visitors.inside == 3

        await visitors.all_gone()

        assert visitors.order == list(range(10))

    play(scene)


def test_widening_lets_more_in_and_narrowing_lets_those_inside_finish() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 2)
        visitors.arrive(10)
        await settle()
        visitors.gate.widen_to(lambda: 5)
        await settle()

        assert visitors.inside == 5

        visitors.gate.widen_to(lambda: 1)
        await settle()

        assert visitors.inside == 5

    play(scene)


def test_a_width_of_nothing_still_lets_one_through() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 0)
        visitors.arrive(2)
        await settle()

        assert visitors.inside == 1

    play(scene)


def test_who_gives_up_waiting_does_not_keep_a_place() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 1)
        visitors.arrive(3)
        await settle()
        visitors.tasks[1].cancel()
        await settle()
        await visitors.all_gone()

        assert visitors.order == [0, 2]

    play(scene)


def test_who_gives_up_at_the_moment_of_being_let_in_gives_the_place_back() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 1)
        visitors.arrive(2)
        await settle()
        visitors.gate.widen_to(lambda: 2)
        visitors.tasks[1].cancel()
        visitors.arrive(1)
        await settle()

        assert visitors.order == [0, 2]

    play(scene)


def test_whoever_is_waited_for_has_the_next_place_and_waits_like_the_others_for_it() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 2)
        visitors.arrive(5)
        await settle()
        visitors.arrive(2, Turn.FIRST)
        await settle()

        assert visitors.order == [0, 1]

        await visitors.all_gone()

        assert visitors.order == [0, 1, 5, 6, 2, 3, 4]

    play(scene)


def test_a_text_whose_moment_has_come_goes_before_a_blast_and_behind_whom_a_person_waits_for() -> None:
    async def scene(visitors: Visitors) -> None:
        visitors.gate.widen_to(lambda: 1)
        visitors.arrive(2)
        visitors.arrive(1, Turn.TIMED)
        visitors.arrive(1, Turn.FIRST)
        await settle()
        await visitors.all_gone()

        assert visitors.order == [0, 3, 2, 1]

    play(scene)


def test_who_narrows_while_somebody_widens_has_the_last_word() -> None:
    """A batch that began late knows an older size; another worker may already use the difference."""

    async def scene(visitors: Visitors) -> None:
        narrowing = threading.Thread(target=visitors.gate.narrow_to, args=(2,))

        def late() -> int:
            narrowing.start()
            narrowing.join(0.2)
            return 5

        visitors.gate.widen_to(late)
        await asyncio.to_thread(narrowing.join)
        visitors.arrive(5)
        await settle()

        assert visitors.inside == 2

    play(scene)
