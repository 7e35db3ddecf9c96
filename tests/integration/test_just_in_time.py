"""An answer that comes just before the deadline is not silence, although nobody has read it yet."""

from datetime import datetime, timedelta

from sandbox.chaos import promises
from tests import builders
from tests.integration.rehearsal import Rehearsal
from worker.store.database import Database

DEADLINE = timedelta(hours=4)


def test_who_is_fine_in_the_last_minute_is_on_no_list_while_the_workers_are_away(db: Database, now: datetime) -> None:
    """Not even until the answer is read, which would close such a call again."""
    town = Rehearsal(db, now)
    town.send(town.open(builders.campaign(reply_deadline=DEADLINE, reminder_text=None, reminder_after=None)))
    town.wait(seconds=DEADLINE.total_seconds() - 30)
    for number in town.numbers:
        town.write(number, "1")
    town.wait(seconds=60)
    town.tick()
    town.read()
    verdict = promises.the_fine_are_left_in_peace(town.evidence())

    assert verdict.looked_at > 0
    assert verdict.wrong == ()
