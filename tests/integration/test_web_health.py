"""Whether the process is alive, what it lacks, what it shows, and what it never shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from sandbox import servers
from tests.integration import site as sites
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.store.database import Database, connect

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(postgres: servers.Postgres, template_database: str) -> Iterator[Site]:
    db = connect(postgres.create_database("test_web_health", template_database))
    with sites.running(Site(db, NOW)) as running:
        yield running
    db.close()


@pytest.fixture(scope="module")
def lost_site() -> Iterator[Site]:
    """Started while neither database nor queue answers."""
    lost = connect("postgresql://nobody@127.0.0.1:9/nowhere")
    with sites.running(Site(lost, NOW, queue_is_away=True)) as running:
        yield running
    lost.close()


def test_with_everything_there_it_is_alive_and_ready(site: Site) -> None:
    assert site.ask("GET", "/healthz").json() == {"alive": True}
    assert site.ask("GET", "/readyz").json() == {"ready": True, "missing": {}}


def test_it_starts_without_database_and_queue_and_says_what_is_missing(lost_site: Site) -> None:
    answer = lost_site.ask("GET", "/readyz")

    assert lost_site.ask("GET", "/healthz").status_code == 200
    assert answer.status_code == 503
    assert set(answer.json()["missing"]) == {"database", "schema", "broker"}
    assert "PostgreSQL" in answer.json()["missing"]["database"]


def test_an_old_schema_is_named_with_its_remedy(db: Database) -> None:
    with db.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    with sites.running(Site(db, NOW)) as site:
        answer = site.ask("GET", "/readyz")

    assert answer.status_code == 503
    assert list(answer.json()["missing"]) == ["schema"]
    assert "courtoisie migrate" in answer.json()["missing"]["schema"]


def test_a_queue_that_is_away_is_named(site: Site) -> None:
    with sites.running(Site(site.db, NOW, queue_is_away=True)) as other:
        answer = other.ask("GET", "/readyz")

    assert answer.json() == {"ready": False, "missing": {"broker": "the queue is away"}}


def test_the_figures_are_counted_from_the_rows(town: Town) -> None:
    town.household()
    town.household()
    town.open()

    with sites.running(Site(town.db, town.now)) as site:
        answer = site.ask("GET", "/metrics")

    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'courtoisie_messages{lane="bulk",state="queued"} 2.0' in lines
    assert 'courtoisie_recipients{state="waiting"} 2.0' in lines
    assert "courtoisie_database_up 1.0" in lines
    assert any(line.startswith("process_cpu_seconds_total") for line in lines)


def test_without_the_database_the_figures_say_so(lost_site: Site) -> None:
    lines = lost_site.ask("GET", "/metrics").text.splitlines()

    assert "courtoisie_database_up 0.0" in lines
    assert any(line.startswith("process_cpu_seconds_total") for line in lines)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/hooks/twilio/sms/status", "/nowhere"])
def test_every_answer_tells_browsers_to_be_careful(site: Site, path: str) -> None:
    headers = site.ask("GET", path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "max-age" in headers["Strict-Transport-Security"]


def test_the_description_of_the_api_is_where_it_was_promised_and_no_pages_are_made_of_it(site: Site) -> None:
    assert site.ask("GET", "/api/v1/openapi.json").json()["info"]["title"] == "Courtoisie"
    assert [site.ask("GET", path).status_code for path in ("/docs", "/redoc", "/openapi.json")] == [404] * 3


def test_a_crash_shows_nothing_of_itself(site: Site) -> None:
    def broken() -> None:
        raise RuntimeError("Madame Durand, +33639980001")

    crashing = replace(site.parts(), ping_queue=broken)
    with sites.running(Site(site.db, NOW), crashing) as other, capture_logs() as events:
        answer = other.ask("GET", "/readyz")

    assert answer.status_code == 500
    assert "Durand" not in answer.text + repr(events)
    assert [(e["event"], e["error"]) for e in events] == [("request_crashed", "RuntimeError")]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
