"""Of several events with texts to send, the most urgent goes first; the others lose nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, SENDERS, Town
from tests.integration.provider import Provider, Taken
from tests.integration.rehearsal import TEXTS
from worker.domain.campaigns import Campaign, Kind, Level
from worker.domain.channels import Channel
from worker.services import events, sending, shares, sweeping
from worker.store import leaving, people

WEEKLY = builders.campaign(key="weekly", level=Level.NONE, purpose="care")
RED = builders.campaign(key="red", level=Level.RED, purpose="care")
ADVICE = builders.campaign(
    key="advice",
    kind=Kind.ADVICE,
    level=Level.RED,
    sender="alpha",
    text="heat_orange_oneway",
    reply_deadline=None,
    reminder_text=None,
    reminder_after=None,
)


class Post:
    """A town, its texts on the way, and one worker that sends them two at a time."""

    def __init__(self, town: Town, **paces: float) -> None:
        self.town = town
        self.provider = Provider(self)
        senders = {key: replace(sender, segments_per_s=paces.get(key, 0)) for key, sender in SENDERS.items()}
        self.rig = sending.Rig(
            db=town.db,
            gateway=self.provider,  # type: ignore[arg-type]
            texts=TEXTS,
            senders=senders,
            desk=DESK,
            share=shares.Share(town.db, self.provider, "worker", most=10, clock=lambda: town.now),  # type: ignore[arg-type]  # in the gateway's place
            batch_size=2,
            max_attempts=3,
            lease=timedelta(minutes=1),
            clock=lambda: town.now,
        )

    @property
    def now(self) -> object:
        return self.town.now

    def word(self, taken: Taken, status: str) -> None:
        """Nobody listens here."""

    def chain(self, event_id: int) -> sending.Batch:
        return sending.send_batch(self.rig, event_id)

    def sent_to(self, homes: list[builders.Household]) -> int:
        numbers = {home.phone for home in homes}
        return sum(taken.text.to in numbers for taken in self.provider.taken)


@pytest.fixture
def post(town: Town) -> Post:
    return Post(town)


def _street(town: Town, agency: str, homes: int = 3) -> list[builders.Household]:
    return [town.household(agency=agency) for _ in range(homes)]


def _of(campaign: Campaign, agency: str) -> Campaign:
    return replace(campaign, audience=replace(campaign.audience, agencies=(agency,)))


def test_a_red_alert_is_sent_before_what_is_left_of_the_weekly_round(town: Town, post: Post) -> None:
    weekly_homes, red_homes = _street(town, "01"), _street(town, "02")
    weekly, red = town.open(_of(WEEKLY, "01")), town.open(_of(RED, "02"))

    first = [post.chain(weekly) for _ in range(2)]

    assert post.sent_to(red_homes) == 3
    assert post.sent_to(weekly_homes) == 0
    assert all(batch.more for batch in first)
    while post.chain(weekly).more:
        pass
    assert post.sent_to(weekly_homes) == 3
    assert not post.chain(red).sent


def test_a_campaigns_own_priority_goes_before_its_level(town: Town, post: Post) -> None:
    weekly_homes, red_homes = _street(town, "01"), _street(town, "02")
    town.open(_of(replace(WEEKLY, priority=9), "01"))
    red = town.open(_of(replace(RED, priority=1), "02"))

    post.chain(red)

    assert (post.sent_to(weekly_homes), post.sent_to(red_homes)) == (2, 0)


def test_a_paused_alert_holds_nobody_up(town: Town, post: Post) -> None:
    weekly_homes, _red_homes = _street(town, "01"), _street(town, "02")
    weekly, red = town.open(_of(WEEKLY, "01")), town.open(_of(RED, "02"))
    events.pause(town.db, red)

    post.chain(weekly)

    assert post.sent_to(weekly_homes) == 2


def test_an_alert_whose_texts_may_not_leave_yet_holds_nobody_up(town: Town, post: Post) -> None:
    weekly_homes, red_homes = _street(town, "01"), _street(town, "02")
    weekly, _red = town.open(_of(WEEKLY, "01")), town.open(_of(RED, "02"))
    with town.db.begin() as connection:
        people.opt_out(connection, [home.phone for home in red_homes], channel=Channel.SMS, source="sms", now=town.now)

    post.chain(weekly)

    assert post.sent_to(weekly_homes) == 2


def test_an_alert_at_its_senders_own_pace_holds_up_only_that_sender(town: Town) -> None:
    post = Post(town, alpha=10)
    weekly_homes, advice_homes = _street(town, "01"), _street(town, "02")
    weekly = town.open(_of(WEEKLY, "01"))
    town.open(_of(ADVICE, "02"))

    post.chain(weekly)

    assert (post.sent_to(weekly_homes), post.sent_to(advice_homes)) == (2, 0)


def test_the_queue_is_woken_for_the_most_urgent_event_first(town: Town) -> None:
    _street(town, "01"), _street(town, "02")
    weekly, red = town.open(_of(WEEKLY, "01")), town.open(_of(RED, "02"))

    wakes: sweeping.Wakes = town.sweep()

    assert wakes.sending_events == [red, weekly]


def test_who_waits_again_after_all_is_written_to_a_little_later(town: Town, post: Post) -> None:
    """Their text was met when nobody wanted it, and stood aside: it was not thrown away."""
    homes = _street(town, "01")
    event = town.open(_of(WEEKLY, "01"))
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE recipient SET state = 'fine'")
    while post.chain(event).more:
        pass
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE recipient SET state = 'waiting'")
    assert post.sent_to(homes) == 0

    town.now += leaving.BACK_FOR
    while post.chain(event).more:
        pass

    assert post.sent_to(homes) == 3
