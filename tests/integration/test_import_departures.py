"""A listing in which somebody is missing ends what is owed to them, in the transaction that says so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import builders, listings
from tests.integration.conftest import Town
from tests.listings import TODAY, tenant
from worker.domain.campaigns import Level
from worker.domain.errors import Refused
from worker.services import importing


class Landlord:
    """Sends listings while events run."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town = town
        self.file = folder / "liste.csv"

    def send(self, *people: list[str], max_vanished: float = 1.0) -> None:
        listings.write(self.file, people)
        planned = importing.plan(self.town.db, self.file, rules=listings.RULES, today=TODAY)
        importing.apply(
            self.town.db, planned, allow_shrink=False, max_vanished=max_vanished, today=TODAY, now=self.town.now
        )

    def home(self, number: int) -> builders.Household:
        """The household of `tenant(number)`, as the roll holds it."""
        e164 = f"+336000{10000 + number}"
        with self.town.db.begin() as connection:
            found = connection.execute(text("SELECT household_id FROM phone WHERE e164 = :e"), {"e": e164}).scalar_one()
        return builders.Household(int(found), "01", (e164,))


@pytest.fixture
def landlord(town: Town, tmp_path: Path) -> Landlord:
    sender = Landlord(town, tmp_path)
    sender.send(tenant(1), tenant(2))
    return sender


def test_who_left_is_settled_in_every_event_and_no_text_leaves(town: Town, landlord: Landlord) -> None:
    gone = landlord.home(1)
    asked = town.open()
    town.sent(asked)
    red = town.open(builders.campaign(level=Level.RED), occasion="red")

    landlord.send(tenant(2))
    texts = {str(m["e164"]): m["state"] for m in town.rows("message") if m["event_id"] == red}
    town.later(hours=12)

    assert texts == {gone.phone: "cancelled", landlord.home(2).phone: "queued"}
    for event in (asked, red):
        recipient = town.recipient(gone, event)
        assert (recipient["state"], recipient["reason"]) == ("unreached", "moved")
        assert town.account(event).unaccounted == 0
    assert town.task(gone) is None
    assert town.task(landlord.home(2)) is not None


def test_nobody_rings_who_left(town: Town, landlord: Landlord) -> None:
    gone = landlord.home(1)
    event = town.open()
    town.sent(event)
    town.reply(gone.phone, "2")
    assert town.task(gone) is not None

    landlord.send(tenant(1, left="01/07/2026"), tenant(2))

    task = town.rows("callback_task", gone)[0]
    assert (task["state"], task["closed_as"], task["closed_at"]) == ("cancelled", "gone", town.now)
    assert town.recipient(gone, event)["reason"] == "moved"


def test_a_listing_that_is_refused_ends_nothing(town: Town, landlord: Landlord) -> None:
    home = landlord.home(1)
    town.sent(town.open())
    town.reply(home.phone, "2")

    with pytest.raises(Refused, match="ne sont plus dans ce fichier"):
        landlord.send(tenant(2), max_vanished=0.2)

    assert town.task(home) is not None
    assert town.state(home) == "callback"


def test_who_moves_within_the_stock_keeps_what_is_owed(town: Town, landlord: Landlord) -> None:
    home = landlord.home(1)
    town.sent(town.open())
    town.reply(home.phone, "2")

    landlord.send(tenant(1, home="TIL-0009"), tenant(2))

    assert town.task(home) is not None
    assert town.state(home) == "callback"


def test_replies_and_an_import_at_once_leave_nobody_unaccounted_for(town: Town, landlord: Landlord) -> None:
    everybody = [tenant(n) for n in range(1, 41)]
    landlord.send(*everybody)
    event = town.open()
    town.sent(event)
    homes = [landlord.home(n) for n in range(1, 41)]

    with ThreadPoolExecutor(4) as pool:
        replies = [pool.submit(town.reply, home.phone, "2") for home in homes]
        leaving = pool.submit(landlord.send, *everybody[20:])
        for done in (*replies, leaving):
            done.result()

    account = town.account(event)
    assert account.unaccounted == 0
    assert [town.task(home) for home in homes[20:]].count(None) == 0
    assert account.recipients.get("waiting", 0) == 0
