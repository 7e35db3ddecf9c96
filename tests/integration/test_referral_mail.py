"""A referral by e-mail, to a real mail server on loopback: encrypted, once, with what the consent covers."""

import concurrent.futures
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.integration import mail_server
from tests.integration.conftest import DESK, Town
from tests.integration.mail_server import Letterbox
from tests.integration.referral_office import LUCIE, Office
from tests.integration.site import shipped
from worker.domain.errors import Refused
from worker.domain.referrals import Consent, SendingOutcome, Shared
from worker.mail import Mailer
from worker.paper import referrals as on_paper
from worker.services import referral_mail
from worker.services.referring import Agreed
from worker.settings_tables import Smtp

TO = "ccas@partner.example"
O = SendingOutcome  # noqa: E741


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return mail_server.certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def box() -> Letterbox:
    return Letterbox()


@pytest.fixture
def smtp(box: Letterbox, certificate: tuple[Path, Path]) -> Iterator[Smtp]:
    with mail_server.running(box, certificate) as settings:
        yield settings


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


def _agreed(office: Office, town: Town, *, to: str = TO, email_ok: bool = True, **shared: object) -> int:
    partner = office.partner(email=to, email_ok=email_ok)
    referral = office.draft(town.household(), partner)
    office.consent(referral, Agreed(Consent.VERBAL, **shared))  # type: ignore[arg-type]
    return referral


def _send(town: Town, smtp: Smtp, referral: int) -> SendingOutcome:
    return referral_mail.send(
        town.db,
        Mailer(smtp, lambda: town.now),
        referral,
        lambda letter, to: on_paper.mail(letter, to, shipped().settings),
        by=LUCIE,
        desk=DESK,
        now=town.now,
    )


def test_a_mail_leaves_encrypted_and_says_what_the_consent_covers(
    town: Town, office: Office, smtp: Smtp, box: Letterbox
) -> None:
    referral = _agreed(office, town, shared=(Shared.PHONE,))

    assert _send(town, smtp, referral) is O.DONE

    [mail], row = box.taken, office.row(referral)
    body = mail.get_content()
    assert (box.signed_in, box.encrypted) == ([mail_server.USER], [True])
    assert (mail["To"], mail["From"]) == (TO, "Les Tilleuls <social@tilleuls.example>")
    assert "ESSAI" not in mail["Subject"]
    assert "ESSAI" in body
    assert "courses et repas" in body
    assert "adresse" not in body.lower()
    assert (row["state"], row["contact_used"]) == ("sent", "by_email")
    assert row["due_at"] == town.now + timedelta(hours=24)


def test_implicit_tls_works_too(town: Town, office: Office, box: Letterbox, certificate: tuple[Path, Path]) -> None:
    with mail_server.running(box, certificate, security="tls") as smtp:
        assert _send(town, smtp, _agreed(office, town)) is O.DONE

    assert box.encrypted == [True]


def test_a_server_whose_certificate_is_not_known_gets_nothing(
    town: Town, office: Office, smtp: Smtp, box: Letterbox
) -> None:
    referral = _agreed(office, town)

    assert _send(town, smtp.model_copy(update={"ca_file": None}), referral) is O.REFUSED

    assert (box.taken, box.signed_in) == ([], [])
    assert office.row(referral)["state"] == "consented"


def test_a_mail_never_leaves_twice(town: Town, office: Office, smtp: Smtp, box: Letterbox) -> None:
    referral = _agreed(office, town)

    def attempt(_n: int) -> str:
        try:
            return str(_send(town, smtp, referral))
        except Refused:
            return "refused"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)))

    assert outcomes == ["done", "refused", "refused", "refused"]
    assert len(box.taken) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"to": "unknown@partner.example"}, "550"),
        ({"says": "451 Try again later"}, "451"),
        ({"password": "wrong"}, "535"),
    ],
)
def test_what_the_server_refuses_is_told_and_may_be_tried_again(
    town: Town, office: Office, smtp: Smtp, box: Letterbox, *, what: dict[str, str], code: str
) -> None:
    referral = _agreed(office, town, to=what.get("to", TO))
    box.says = what.get("says", "250 OK")
    used = smtp.model_copy(update={"password": SecretStr(what["password"])}) if "password" in what else smtp

    assert _send(town, used, referral) is O.REFUSED

    [sending] = town.rows("referral_sending")
    assert (sending["outcome"], sending["code"]) == ("not_sent", code)
    assert office.row(referral)["state"] == "consented"
    box.says = "250 OK"
    if "to" not in what:
        assert _send(town, smtp, referral) is O.DONE


def test_a_mail_of_unknown_fate_is_not_sent_again(town: Town, office: Office, smtp: Smtp, box: Letterbox) -> None:
    referral = _agreed(office, town)
    box.says = "hang up"

    assert _send(town, smtp, referral) is O.UNKNOWN

    box.says = "250 OK"
    with pytest.raises(Refused, match="déjà parti, ou a pu partir"):
        _send(town, smtp, referral)
    assert len(box.taken) == 1


def test_a_process_that_dies_leaves_a_mail_of_unknown_fate(town: Town, office: Office, smtp: Smtp) -> None:
    """Its row is committed before the connection is opened."""
    referral = _agreed(office, town)

    class Dies(Mailer):
        def send(self, _mail: object) -> object:  # type: ignore[override]
            assert [s["outcome"] for s in town.rows("referral_sending")] == [None]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        referral_mail.send(
            town.db,
            Dies(smtp, lambda: town.now),
            referral,
            lambda letter, to: on_paper.mail(letter, to, shipped().settings),
            by=LUCIE,
            desk=DESK,
            now=town.now,
        )

    assert referral_mail.give_up(town.db, now=town.now + timedelta(minutes=5)) == 0
    assert referral_mail.give_up(town.db, now=town.now + timedelta(minutes=11)) == 1
    with pytest.raises(Refused):
        _send(town, smtp, referral)


def test_a_server_that_does_not_answer_is_given_up_in_time(town: Town, office: Office, smtp: Smtp) -> None:
    referral = _agreed(office, town)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = smtp.model_copy(update={"port": silent.getsockname()[1], "timeout_s": 0.3})
        assert _send(town, deaf, referral) is O.REFUSED


def test_no_transaction_is_open_while_a_mail_is_on_its_way(
    town: Town, office: Office, smtp: Smtp, box: Letterbox
) -> None:
    """Somebody else may move the referral meanwhile, and what has left stays noted."""
    referral = _agreed(office, town)
    withdrawn = threading.Event()

    class Slow(Mailer):
        def send(self, mail):  # type: ignore[no-untyped-def]
            office.move(referral, referral_mail.ReferralState.WITHDRAWN)
            withdrawn.set()
            return super().send(mail)

    outcome = referral_mail.send(
        town.db,
        Slow(smtp, lambda: town.now),
        referral,
        lambda letter, to: on_paper.mail(letter, to, shipped().settings),
        by=LUCIE,
        desk=DESK,
        now=town.now,
    )

    assert withdrawn.is_set()
    assert outcome is O.DONE
    assert office.row(referral)["state"] == "withdrawn"
    assert [s["outcome"] for s in town.rows("referral_sending")] == ["done"]


def test_without_a_server_or_the_partner_s_leave_nothing_is_mailed(town: Town, office: Office, smtp: Smtp) -> None:
    with pytest.raises(Refused, match="Aucun serveur"):
        _send(town, Smtp(), _agreed(office, town))
    with pytest.raises(Refused, match="ne reçoit pas d'e-mail"):
        _send(town, smtp, _agreed(office, town, email_ok=False))
