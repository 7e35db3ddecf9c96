"""A household is told by text of its referral: once, as agreed, and never beyond what may be sent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from tests.integration.referral_office import Office
from worker.domain.referrals import Consent, Via
from worker.services import referring
from worker.services.desk import Answers
from worker.services.referring import Agreed
from worker.store.database import Database

TELLING = replace(DESK, answers=Answers("court", a_day=3))


class TellingOffice(Office):
    """A desk whose senders carry texts."""

    def hand_over(self, referral: int, via: Via = Via.PHONE) -> None:
        referring.hand_over(self.town.db, referral, via, by=self.by, desk=TELLING, now=self.town.now)


@pytest.fixture
def office(town: Town) -> TellingOffice:
    return TellingOffice(town)


def _change(db: Database, statement: str) -> None:
    with db.begin() as connection:
        connection.execute(text(statement))


def test_who_agreed_is_told_once_who_will_be_in_touch_and_by_when(town: Town, office: TellingOffice) -> None:
    home = town.household()

    referral = office.sent(home, partner=office.partner(name="CCAS des Tilleuls"))

    [told] = town.texts(home, "ack")
    assert (told["template"], told["state"], told["sender"]) == ("referral_ok", "queued", "court")
    assert told["variables"] == {"partenaire": "CCAS des Tilleuls", "date": "jeu. 09/07"}
    assert told["referral_id"] == referral
    assert told["due_at"] == town.now


def test_who_could_not_be_asked_is_not_told_as_agreed(town: Town, office: TellingOffice) -> None:
    home = town.household()
    made = office.draft(home)
    office.consent(made, Agreed(Consent.WAIVED, waiver="Ne répond plus, malaise la veille."))

    office.hand_over(made)

    assert town.texts(home, "ack") == []


@pytest.mark.parametrize(
    "reason",
    [
        "UPDATE household SET refused_at = now()",
        "UPDATE household SET preferred_channel = 'call'",
        "UPDATE phone SET label = 'child'",
        "UPDATE phone SET bad_since = now(), bad_reason = 'wrong_number'",
        "INSERT INTO opt_out (e164, channel, purpose, source, since_at) SELECT e164, 'sms', 'all', 'sms', now() FROM phone",  # noqa: E501
        (
            "INSERT INTO phone (household_id, e164, kind) SELECT n.id, p.e164, p.kind FROM phone p, household n "
            "WHERE n.id <> p.household_id AND p.household_id = (SELECT min(id) FROM household)"
        ),
    ],
)
def test_nobody_is_told_who_refused_or_whose_number_is_somebody_elses(
    town: Town, office: TellingOffice, reason: str
) -> None:
    home = town.household()
    town.household()
    made = office.draft(home)
    office.consent(made)
    _change(town.db, reason)

    office.hand_over(made)

    assert town.texts(home, "ack") == []


def test_it_counts_among_the_automatic_texts_of_the_day(town: Town, office: TellingOffice) -> None:
    home: builders.Household = town.household()
    town.sent(town.open())
    town.reply(home.phone, "1")
    town.now += timedelta(minutes=11)
    town.reply(home.phone, "je ne sais pas")
    answered = len(town.texts(home, "ack"))

    office.sent(home)

    assert answered == 2
    assert len(town.texts(home, "ack")) == 2


@pytest.mark.parametrize(("hours", "leaves_after_hours"), [(-3, -1.5), (13, 22.5)])
def test_it_leaves_by_day(town: Town, office: TellingOffice, hours: int, leaves_after_hours: float) -> None:
    """It is 10:00; what is handed over at 7:00 waits until 8:30, at 23:00 until the next morning."""
    home = town.household()
    begun = town.now
    town.now += timedelta(hours=hours)

    office.sent(home)

    [told] = town.texts(home, "ack")
    assert told["due_at"] == begun + timedelta(hours=leaves_after_hours)
