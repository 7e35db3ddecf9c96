"""What the provider posts: only its own word counts, and what it said is stored before it is answered."""

import concurrent.futures
import contextlib
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from sandbox import servers
from sandbox.twilio.signing import sign
from tests.integration import site as sites
from tests.integration.conftest import Town
from tests.integration.site import PUBLIC, SECONDARY, Site
from tests.waiting import until
from worker.store.database import Database, connect

STATUS = "/hooks/twilio/sms/status?m=41"
INBOUND = "/hooks/twilio/sms/inbound"
HOOKS = [STATUS, INBOUND]
SID = "SM" + "0123456789abcdef" * 2
RECEIPT = {"MessageSid": SID, "MessageStatus": "delivered", "AccountSid": "AC", "To": "+33639980001", "ErrorCode": ""}
REPLY = {"MessageSid": SID, "From": "+33639980001", "To": "38000", "Body": "Ça va + ou - œ 😀", "FromCity": ""}


@pytest.fixture(scope="module")
def running_site(postgres: servers.Postgres, template_database: str) -> Iterator[Site]:
    """One site for the whole page: what is tried here is what it lets in."""
    db = connect(postgres.create_database("test_web_hooks", template_database))
    with sites.running(Site(db, datetime(2026, 7, 8, 8, 0, tzinfo=UTC))) as running:
        yield running
    db.close()


@pytest.fixture
def site(running_site: Site) -> Site:
    """The same site with nothing in it."""
    with running_site.db.begin() as connection:
        connection.execute(text("DELETE FROM delivery_receipt"))
        connection.execute(text("DELETE FROM inbound_message"))
    running_site.now += timedelta(minutes=5)
    running_site.woken.clear()
    running_site.queue_is_away = False
    return running_site


def rows(db: Database, table: str) -> list[dict[str, object]]:
    with db.begin() as connection:
        return [dict(r) for r in connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings()]  # noqa: S608


def forms(path: str) -> dict[str, str]:
    return RECEIPT if path == STATUS else REPLY


def test_a_receipt_is_stored_and_answered_with_nothing(site: Site) -> None:
    answer = site.post(STATUS, RECEIPT)

    assert (answer.status_code, answer.content) == (204, b"")
    [stored] = rows(site.db, "delivery_receipt")
    assert {k: stored[k] for k in ("message_id", "provider_sid", "status", "code", "received_at")} == {
        "message_id": 41,
        "provider_sid": SID,
        "status": "delivered",
        "code": 0,
        "received_at": site.now,
    }


def test_a_receipt_moves_the_message_its_address_names(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    message = town.texts(home, "first")[0]
    receipt = RECEIPT | {"MessageSid": str(message["provider_sid"])}

    with sites.running(Site(town.db, town.now)) as site:
        site.post(f"/hooks/twilio/sms/status?m={message['id']}", receipt)

    assert town.texts(home, "first")[0]["state"] == "delivered"


def test_a_reply_is_stored_answered_with_silence_and_announced(site: Site) -> None:
    answer = site.post(INBOUND, REPLY)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text.endswith("<Response/>")
    [stored] = rows(site.db, "inbound_message")
    assert (stored["e164"], stored["to_address"], stored["body"]) == (REPLY["From"], "38000", REPLY["Body"])
    assert stored["received_at"] == site.now
    until(lambda: site.woken == [stored["id"]], why="the workers to be told")


def test_the_same_word_twice_is_one_word(site: Site) -> None:
    """A signature has no date, so anybody who saw a request may send it again."""
    answers = [site.post(path, forms(path)).status_code for path in [STATUS, STATUS, INBOUND, INBOUND]]

    assert answers == [204, 204, 200, 200]
    assert len(rows(site.db, "delivery_receipt")) == 1
    assert len(rows(site.db, "inbound_message")) == 1
    until(lambda: len(site.woken) == 1, why="the workers to be told once")


@pytest.mark.parametrize("path", HOOKS)
def test_both_tokens_sign_during_a_rotation(site: Site, path: str) -> None:
    assert site.post(path, forms(path), token=SECONDARY).ok


@pytest.mark.parametrize("path", HOOKS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "another token"},
        {"token": ""},
        {"public": "http://chalets.example"},
        {"public": "https://chalets.example/prefix"},
        {"public": "http://127.0.0.1"},
        {"signature": "x"},
        {"signature": "A" * 28},
    ],
    ids=str,
)
def test_a_wrong_signature_is_refused_and_stores_nothing(site: Site, path: str, wrong: dict[str, str]) -> None:
    answer = site.post(path, forms(path), **wrong)  # type: ignore[arg-type]

    assert answer.status_code == 403
    assert rows(site.db, "delivery_receipt") + rows(site.db, "inbound_message") == []


@pytest.mark.parametrize("path", HOOKS)
def test_a_signature_for_one_form_or_address_does_not_open_another(site: Site, path: str) -> None:
    signature = sign(PUBLIC + path, forms(path), sites.TOKEN)

    assert site.post(path, forms(path) | {"Body": "changed"}, signature=signature).status_code == 403
    assert site.post("/hooks/twilio/sms/status?m=42", forms(path), signature=signature).status_code == 403


def test_what_the_request_says_of_its_own_host_does_not_count(site: Site) -> None:
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}

    assert site.post(STATUS, RECEIPT, headers=forged).status_code == 204
    assert site.post(STATUS, RECEIPT, headers=forged, public="http://evil.example").status_code == 403


@pytest.mark.parametrize("query", ["?m=41&x=%C3%A9+%2B", "?m=41&x=", "?x=a%2Fb&m=41", "?m=41&m=42", ""])
def test_the_query_is_signed_as_it_is_written(site: Site, query: str) -> None:
    assert site.post("/hooks/twilio/sms/status" + query, RECEIPT).status_code == 204


def test_an_address_that_a_client_would_have_tidied_is_signed_untidied(site: Site) -> None:
    """%2f for %2F, %7E for ~: requests would have normalised them on the way."""
    path = "/hooks/twilio/sms/status?x=a%2fb%7E&m=41"
    headers = {"X-Twilio-Signature": sign(PUBLIC + path, RECEIPT, sites.TOKEN), "Content-Type": sites.FORM}
    with contextlib.closing(http.client.HTTPConnection(site.url.removeprefix("http://"))) as connection:
        connection.request("POST", path, urlencode(RECEIPT), headers)

        assert connection.getresponse().status == 204


@pytest.mark.parametrize("path", HOOKS)
def test_a_deployment_without_a_token_or_a_public_url_believes_nobody(site: Site, path: str) -> None:
    other = Site(site.db, site.now)
    with sites.running(other, sites.without_tokens(other)):
        assert other.post(path, forms(path), token="").status_code == 403
    with sites.running(other, sites.without_public_url(other)):
        assert other.post(path, forms(path), public="").status_code == 403


def test_every_hook_there_is_refuses_the_unsigned(site: Site) -> None:
    """The guard: a hook added tomorrow is tried here without anybody thinking of it."""
    routes = sites.assemble(site.parts()).app.routes  # type: ignore[attr-defined]
    hooks = [route.path for route in routes if getattr(route, "path", "").startswith("/hooks")]  # type: ignore[attr-defined]

    assert len(hooks) >= 2
    for hook in hooks:
        assert site.ask("POST", hook, data=REPLY | RECEIPT).status_code == 403


@pytest.mark.parametrize("path", HOOKS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_hooks_are_posted_to_and_nothing_else(site: Site, path: str, method: str) -> None:
    assert site.ask(method, path).status_code == 405


@pytest.mark.parametrize("path", HOOKS)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
def test_what_is_not_a_form_is_not_read(site: Site, path: str, kind: str) -> None:
    assert site.post(path, forms(path), headers={"Content-Type": kind}).status_code == 415


@pytest.mark.parametrize("path", HOOKS)
def test_a_form_with_a_charset_is_a_form(site: Site, path: str) -> None:
    assert site.post(path, forms(path), headers={"Content-Type": f"{sites.FORM}; charset=UTF-8"}).ok


@pytest.mark.parametrize("path", HOOKS)
def test_a_form_that_is_too_long_is_not_read(site: Site, path: str) -> None:
    long = forms(path) | {"Extra": "x" * 70_000}
    chunks = (b"Extra=" + b"x" * 1000 for _ in range(100))
    signed = {"X-Twilio-Signature": "x", "Content-Type": sites.FORM}

    assert site.post(path, long).status_code == 413
    assert site.ask("POST", path, data=chunks, headers=signed).status_code == 413


@pytest.mark.parametrize("body", [b"Body=\xff\xfe", b"&".join(b"a=1" for _ in range(300))])
def test_nonsense_is_a_bad_request(site: Site, body: bytes) -> None:
    signed = {"X-Twilio-Signature": "x", "Content-Type": sites.FORM}

    assert site.ask("POST", INBOUND, data=body, headers=signed).status_code == 400


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        (STATUS, {"MessageSid": "nonsense"}, 204),
        (STATUS, {"MessageStatus": ""}, 204),
        (INBOUND, {"MessageSid": ""}, 200),
    ],
)
def test_what_the_provider_says_and_we_cannot_read_is_not_asked_for_again(
    site: Site, path: str, changes: dict[str, str], status: int
) -> None:
    answer = site.post(path, forms(path) | changes)

    assert answer.status_code == status
    assert rows(site.db, "delivery_receipt") + rows(site.db, "inbound_message") == []


def test_a_reply_is_kept_when_the_queue_is_away(site: Site) -> None:
    site.queue_is_away = True

    with capture_logs() as events:
        answers = [site.post(INBOUND, REPLY | {"MessageSid": f"SM{n:032x}"}).status_code for n in range(4)]

    assert answers == [200] * 4
    assert len(rows(site.db, "inbound_message")) == 4
    assert site.woken == []
    assert [e["event"] for e in events] == ["inbound_not_woken"]


@contextmanager
def database_away(now: datetime) -> Iterator[Site]:
    lost = connect("postgresql://nobody@127.0.0.1:9/nowhere")
    with sites.running(Site(lost, now)) as running:
        yield running
    lost.close()


def test_without_the_database_the_provider_is_told_to_come_back(now: datetime) -> None:
    with database_away(now) as site, capture_logs() as events:
        answers = [site.post(path, forms(path)).status_code for path in [STATUS] * 5 + [INBOUND] * 5]

    assert answers == [503] * 10
    assert [e["event"] for e in events] == ["receipts_not_stored", "inbound_not_stored"]


def test_many_receipts_at_once_are_all_stored(site: Site) -> None:
    forms_ = [RECEIPT | {"MessageSid": f"SM{n:032x}"} for n in range(400)]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda form: site.post(STATUS, form).status_code, forms_))

    assert answers == [204] * 400
    assert len(rows(site.db, "delivery_receipt")) == 400


def test_a_refusal_is_logged_with_the_address_we_expected_once_a_minute(site: Site) -> None:
    with capture_logs() as events:
        for _ in range(5):
            site.post(STATUS, RECEIPT, token="wrong")

    refusals = [e for e in events if e["event"] == "hook_refused"]
    assert [(e["expected_url"], e["status"]) for e in refusals] == [(f"{PUBLIC}/hooks/twilio/sms/status", 403)]


def test_no_log_line_holds_a_number_or_a_text(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with capture_logs() as events:
        site.post(INBOUND, REPLY)
        site.post(INBOUND, REPLY | {"From": "+33639980001x", "Body": "secret"})
        site.post(INBOUND, REPLY, token="wrong")
        site.post(STATUS, RECEIPT | {"MessageStatus": ""})

    said = caplog.text + repr(events)
    assert "3363998" not in said
    assert "secret" not in said


@pytest.mark.parametrize("path", [STATUS, "/hooks/twilio/sms/status", f"{STATUS}&x=1"])
def test_a_receipt_is_stored_whatever_form_its_address_has(site: Site, path: str) -> None:
    """The ordinary address is read on a shorter way than the others; what is stored is the same."""
    answer = site.post(path, RECEIPT)

    assert answer.status_code == 204
    assert [r["provider_sid"] for r in rows(site.db, "delivery_receipt")] == [SID]
    assert [r["message_id"] for r in rows(site.db, "delivery_receipt")] == [41 if "m=" in path else None]


def test_a_forged_receipt_is_refused_with_its_body_unread_by_the_short_way(site: Site) -> None:
    with capture_logs() as logged:
        answer = site.post(STATUS, RECEIPT, token="somebody else's")

    assert answer.status_code == 403
    assert rows(site.db, "delivery_receipt") == []
    assert [entry["event"] for entry in logged] == ["hook_refused"]


def test_a_receipt_on_the_short_way_is_answered_with_the_headers_of_every_answer(site: Site) -> None:
    short = site.post(STATUS, RECEIPT)
    long = site.post(f"{STATUS}&x=1", RECEIPT)

    assert short.status_code == long.status_code == 204
    assert {name for name, _ in short.headers.items()} == {name for name, _ in long.headers.items()}
    assert short.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("odd", [{"Field[0]": "x"}, {"Body": "é & + = %"}, {"Empty": ""}, {"": "x"}])
def test_a_receipt_with_odd_fields_is_a_receipt(site: Site, odd: dict[str, str]) -> None:
    assert site.post(STATUS, RECEIPT | odd).status_code == 204
    assert len(rows(site.db, "delivery_receipt")) == 1
