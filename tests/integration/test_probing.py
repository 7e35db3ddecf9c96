"""The online half of the check: each server asked, each answer in words that say what to do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox import servers
from tests.deployments import ROOT, settings_in
from worker.bootstrap import utc_now
from worker.cli import checking as command
from worker.domain.errors import BadDefinition, Unavailable
from worker.services import probing
from worker.store import database
from worker.store.database import Database

HERE = "http://127.0.0.1:8080"  # a stand-in of the provider on this machine
TWILIO = "https://api.twilio.com"


@contextmanager
def serving(body: bytes, status: int = 200) -> Iterator[str]:
    """A web server that answers every path so."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_our_own_web_process_is_recognised() -> None:
    with serving(b'{"alive": true}') as url:
        probing.public_url(url, provider_url=HERE)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"<html>Bienvenue</html>", 200, "ce n'est pas Courtoisie"),
        (b"[]", 200, "ce n'est pas Courtoisie"),
        (b"", 502, "répond 502 au lieu de 200 : « courtoisie web » tourne-t-il"),
        (b"", 404, "répond 404 au lieu de 200"),
    ],
)
def test_somebody_else_at_our_address_is_told(body: bytes, status: int, told: str) -> None:
    with serving(body, status) as url, pytest.raises(Unavailable, match=told):
        probing.public_url(url, provider_url=HERE)


def test_nobody_at_our_address_is_told() -> None:
    with pytest.raises(Unavailable, match="ne répond pas"):
        probing.public_url(f"http://127.0.0.1:{free_port()}", provider_url=HERE)


def test_an_address_without_a_valid_certificate_is_told() -> None:
    with serving(b'{"alive": true}') as url, pytest.raises(Unavailable, match=r"ne répond pas .*certificat"):
        probing.public_url(url.replace("http:", "https:"), provider_url=TWILIO)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "COURTOISIE_PUBLIC_URL manque"),
        ("http://courtoisie.example", "doit commencer par https"),
        ("courtoisie.example", "doit commencer par https"),
        ("file:///etc", "doit commencer par https"),
    ],
)
def test_an_address_twilio_cannot_use_is_told_without_asking(url: str, told: str) -> None:
    with pytest.raises(BadDefinition, match=told):
        probing.public_url(url, provider_url=TWILIO)


def test_an_empty_database_lacks_the_schema(postgres: servers.Postgres) -> None:
    empty = database.connect(postgres.create_database("empty"))

    with pytest.raises(Unavailable, match="courtoisie migrate"):
        probing.schema(empty)
    empty.close()


def test_every_server_is_asked_and_each_answer_told(db: Database) -> None:
    def lost() -> None:
        raise Unavailable("la file est partie")

    def refused() -> None:
        raise BadDefinition("identifiants refusés")

    asked = probing.probes(
        db=lambda: db, ping_broker=lost, verify_provider=refused, url="", provider_url=TWILIO, now=utc_now
    )
    answered = {answer.name: answer.wrong for answer in probing.answers(asked)}

    assert (answered["database"], answered["schema"]) == ("", "")
    assert (answered["broker"], answered["twilio"]) == ("la file est partie", "identifiants refusés")
    assert "COURTOISIE_PUBLIC_URL manque" in answered["public_url"]


def test_a_clock_that_is_not_the_databases_is_told(db: Database) -> None:
    with pytest.raises(BadDefinition, match="s'écarte de 60 s"):
        probing.clock(db, now=lambda: utc_now() + timedelta(seconds=60))

    probing.clock(db, now=utc_now)


def test_a_clock_that_is_not_the_providers_is_told() -> None:
    """This host's and the database's may be wrong together."""
    with pytest.raises(BadDefinition, match="s'écarte de 60 s de celle de Twilio"):
        probing.provider(lambda: timedelta(seconds=-60))

    probing.provider(lambda: timedelta(seconds=1))


def test_a_database_that_is_away_is_told() -> None:
    away = database.connect(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    asked = probing.probes(
        db=lambda: away, ping_broker=None, verify_provider=None, url="", provider_url=TWILIO, now=utc_now
    )
    answered = {answer.name: answer.wrong for answer in probing.answers(asked)}
    away.close()

    assert "ne répond pas" in answered["database"]
    assert "ne répond pas" in answered["schema"]


def test_the_command_is_content_when_all_answer(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    class Account:
        def verify(self) -> None:
            pass

        def clock_ahead(self) -> timedelta:
            return timedelta()

    with serving(b'{"alive": true}') as url:
        settings = settings_in(ROOT, public_url=url, twilio={"api_url": HERE, "account_sid": "AC1", "auth_token": "t"})
        code = command.check(
            settings, online=True, as_json=False, gateway=Account(), db=lambda: db, broker_ping=lambda: None
        )

    assert code == 0
    assert capsys.readouterr().out.count(" : en ordre") == 6


def test_the_command_fails_when_one_does_not_answer(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    code = command.check(settings_in(ROOT), online=True, as_json=False, db=lambda: db)

    assert code == 1
    told = capsys.readouterr().out
    assert "Adresse publique : COURTOISIE_PUBLIC_URL manque" in told
    assert "À corriger avant tout envoi" in told.splitlines()[-1]


def test_an_account_that_is_missing_is_told_and_nobody_is_asked(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    class Account:
        def verify(self) -> None:
            asked.append(self)

        def clock_ahead(self) -> timedelta:
            return timedelta()

    code = command.check(settings_in(ROOT), online=True, as_json=False, gateway=Account(), db=lambda: db)

    assert (code, asked) == (1, [])
    said = capsys.readouterr().out
    assert "Il manque COURTOISIE_TWILIO__ACCOUNT_SID, COURTOISIE_TWILIO__AUTH_TOKEN" in said
    assert "textes au plus long" in said
