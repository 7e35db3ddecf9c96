"""The provider refuses our set-up for answers: it is asked less and less often, and an operator sees it."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.integration.conftest import DESK, SENDERS, Town
from tests.integration.console_visits import Browser, account
from tests.integration.provider import Provider, Taken
from tests.integration.rehearsal import TEXTS
from worker.domain.roles import Role
from worker.services import sending, shares
from worker.store import metrics


class Post:
    """A town, its answers on the way, and one worker. Once mended, the provider takes all."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.provider = Provider(self)
        self.rig = sending.Rig(
            db=town.db,
            gateway=self.provider,  # type: ignore[arg-type]  # in the gateway's place
            texts=TEXTS,
            senders=SENDERS,
            desk=DESK,
            share=shares.Share(town.db, self.provider, "worker", most=10, clock=lambda: town.now),  # type: ignore[arg-type]  # in the gateway's place
            batch_size=20,
            max_attempts=3,
            lease=timedelta(minutes=1),
            clock=lambda: town.now,
        )

    @property
    def now(self) -> datetime:
        return self.town.now

    def word(self, taken: Taken, status: str) -> None:
        """Nobody listens here."""

    def refuse_for(self, span: timedelta) -> int:
        """The worker is woken whenever one is due, for so long; returns how many requests were made."""
        made, end = 0, self.town.now + span
        while self.town.now < end:
            self.provider.fates = ["wrong set-up"] * 20
            made += sending.send_answers(self.rig).sent
            dues = [m["due_at"] for m in self.town.rows("message") if m["state"] == "queued"]
            self.town.now = min([end, *(d for d in dues if d > self.town.now)])  # type: ignore[type-var,operator,list-item]
        self.provider.fates = []
        return made


@pytest.fixture
def post(town: Town, home: str) -> Post:
    assert home
    town.sent(town.open())
    return Post(town)


def _answers(town: Town) -> list[str]:
    return [str(m["state"]) for m in town.rows("message") if m["step"] == "ack"]


@pytest.fixture
def home(town: Town) -> str:
    return town.household().phone


def test_an_answer_that_is_refused_for_our_set_up_is_asked_for_less_and_less_often(
    home: str, post: Post, town: Town
) -> None:
    town.reply(home, "1")

    first, later = post.refuse_for(timedelta(minutes=5)), post.refuse_for(timedelta(minutes=50))

    assert first <= 10
    assert later <= 20
    assert _answers(town) == ["queued"]


def test_it_leaves_once_the_set_up_is_mended_and_a_busy_provider_in_between_fails_nothing(
    home: str, post: Post, town: Town
) -> None:
    town.reply(home, "1")
    post.refuse_for(timedelta(minutes=20))
    town.now += timedelta(minutes=6)
    post.provider.fates = ["busy"]
    sending.send_answers(post.rig)
    town.now += timedelta(minutes=6)

    sending.send_answers(post.rig)

    assert _answers(town) == ["sent"]


def test_another_answer_does_not_wait_for_the_one_that_is_refused(home: str, post: Post, town: Town) -> None:
    """A number abroad that the account may not write to is refused like a wrong set-up."""
    town.reply(home, "1")
    post.refuse_for(timedelta(minutes=1))
    town.reply("+33600990099", "qui est-ce ?")

    sending.send_answers(post.rig)

    assert sorted(_answers(town)) == ["queued", "sent"]


def test_it_is_said_once(home: str, post: Post, town: Town) -> None:
    town.reply(home, "1")

    with capture_logs() as logged:
        post.refuse_for(timedelta(minutes=1))
        town.reply("+33600990099", "qui est-ce ?")
        post.refuse_for(timedelta(minutes=1))

    assert [(e["event"], e["http_status"]) for e in logged if e["log_level"] == "error"] == [("answers_refused", 401)]


def test_the_board_and_the_figures_show_it_until_it_is_mended(
    home: str, post: Post, town: Town, browser: Browser
) -> None:
    town.reply(home, "1")
    browser.sign_in(account(town, "marc", Role.OPERATOR))
    before = browser.get("/board").page
    post.refuse_for(timedelta(seconds=1))
    during = browser.get("/board").page
    figure = _figure(town)
    town.now += timedelta(minutes=1)
    sending.send_answers(post.rig)

    assert "Twilio refuse 1 réponse automatique (HTTP 401)" in during
    assert figure == 1
    assert not any("Twilio refuse" in page for page in (before, browser.get("/board").page))
    assert _figure(town) == 0


def _figure(town: Town) -> int:
    with town.db.begin() as connection:
        return metrics.snapshot(connection).answers_refused
