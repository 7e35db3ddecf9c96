"""The stand-in against Twilio's own description of its API, where TWILIO_OPENAPI names the file.

The description has no schema for errors; test_standin_rest.py holds their shape.
"""

import gzip
import json
import os
import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.twilio import creation
from sandbox.twilio.control import Control
from sandbox.twilio.voice import creation as call_creation
from tests.integration.standin.conftest import LANDLINE, PHONE, SHORT_CODE, Api, Telephone

FILE = os.environ.get("TWILIO_OPENAPI", "")
SERVICE = "MG" + "a" * 32
LIST_PATH = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ONE_PATH = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
CALLS_PATH = "/2010-04-01/Accounts/{AccountSid}/Calls.json"
CALL_PATH = "/2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json"

pytestmark = pytest.mark.skipif(
    not FILE, reason="TWILIO_OPENAPI is not set: it names Twilio's twilio_api_v2010.json, plain or gzipped"
)


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    content = Path(FILE).read_bytes()
    return _strict(json.loads(gzip.decompress(content) if FILE.endswith(".gz") else content))


@pytest.fixture(scope="module")
def checked(spec: dict[str, Any]):
    """Validates an answer against the schema of a path, method and status."""
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("date-time-rfc-2822", raises=ValueError)(_is_rfc_2822)
    formats.checks("uri", raises=ValueError)(_is_relative)

    def check(path: str, method: str, status: int, body: dict[str, Any]) -> None:
        schema = spec["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]
        whole = {**schema, "components": spec["components"]}
        jsonschema.Draft202012Validator(whole, format_checker=formats).validate(body)

    return check


@pytest.fixture
def services(twilio: Control) -> Control:
    twilio.put_senders({"address": SERVICE, "pool": [SHORT_CODE]})
    return twilio


FORMS = [
    {},
    {"StatusCallback": "http://127.0.0.1:9/status?m=1#rc=5&rp=all", "ValidityPeriod": "14400", "SmartEncoded": "true"},
    {"From": "Les Chalets", "Body": "Ça va ? 👍"},
    {"From": None, "MessagingServiceSid": SERVICE},
    {"From": None, "MessagingServiceSid": SERVICE, "Body": "é" * 1600},
]


@pytest.mark.parametrize("form", FORMS)
def test_a_created_message_is_as_described_at_every_age(
    api: Api, services: Control, checked, form: dict[str, str | None]
) -> None:
    reply = api.send(**form)
    checked(LIST_PATH, "post", reply.status_code, reply.json())
    for _ in range(4):
        services.clock(jump_s=1)
        checked(ONE_PATH, "get", 200, api.fetch(reply.json()["sid"]))


@pytest.mark.parametrize("behaviour", ["dead", "no_receipt", "fine"])
def test_a_message_is_as_described_whatever_became_of_it(api: Api, checked, behaviour: str) -> None:
    api.control.put_phones({PHONE: behaviour})
    sid = api.sent()["sid"]
    api.control.clock(jump_s=100)

    checked(ONE_PATH, "get", 200, api.fetch(sid))


def test_lists_are_as_described_from_the_first_page_to_the_last(api: Api, checked) -> None:
    for _ in range(5):
        api.sent()
    api.control.inbound(PHONE, SHORT_CODE, "1")
    page = api.list(PageSize="2", To=PHONE, **{"DateSent>": "2020-01-01"})
    checked(LIST_PATH, "get", 200, page)
    page = api.list(PageSize="4")
    while page["next_page_uri"]:
        checked(LIST_PATH, "get", 200, page)
        page = api.session.get(api.control.url + page["next_page_uri"], auth=api.login, timeout=5).json()
    checked(LIST_PATH, "get", 200, page)


def test_updates_and_deletion_are_as_described(api: Api, spec: dict[str, Any], checked) -> None:
    sid = api.sent()["sid"]
    api.control.clock(jump_s=10)
    redacted = api.call("POST", f"/Messages/{sid}.json", data={"Body": ""})
    checked(ONE_PATH, "post", redacted.status_code, redacted.json())
    deleted = api.call("DELETE", f"/Messages/{sid}.json")

    assert str(deleted.status_code) in spec["paths"][ONE_PATH]["delete"]["responses"]


def test_every_field_described_is_there_and_no_other(api: Api, spec: dict[str, Any]) -> None:
    described = spec["components"]["schemas"]["api.v2010.account.message"]["properties"]
    assert api.sent().keys() == described.keys()


def test_the_parameters_known_are_those_described(spec: dict[str, Any]) -> None:
    form = spec["paths"][LIST_PATH]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert set(form["properties"]) == creation.KNOWN


@pytest.mark.parametrize("manner", ["fine", "machine", "busy", "no_answer", "dead"])
def test_a_call_is_as_described_at_every_age(phone: Telephone, checked, manner: str) -> None:
    phone.control.put_callee(LANDLINE, manner)
    reply = phone.call(MachineDetection="Enable")
    checked(CALLS_PATH, "post", reply.status_code, reply.json())
    for _ in range(8):
        phone.control.clock(jump_s=4)
        checked(CALL_PATH, "get", 200, phone.api.call("GET", f"/Calls/{reply.json()['sid']}.json").json())


def test_lists_of_calls_and_updates_are_as_described(phone: Telephone, spec: dict[str, Any], checked) -> None:
    sids = [phone.called() for _ in range(3)]
    page = phone.api.call("GET", "/Calls.json", params={"PageSize": "2"}).json()
    checked(CALLS_PATH, "get", 200, page)
    ended = phone.api.call("POST", f"/Calls/{sids[0]}.json", data={"Status": "completed"})
    checked(CALL_PATH, "post", ended.status_code, ended.json())
    deleted = phone.api.call("DELETE", f"/Calls/{sids[0]}.json")

    assert str(deleted.status_code) in spec["paths"][CALL_PATH]["delete"]["responses"]
    assert page["calls"][0].keys() == spec["components"]["schemas"]["api.v2010.account.call"]["properties"].keys()


def test_the_parameters_of_calls_known_are_those_described(spec: dict[str, Any]) -> None:
    form = spec["paths"][CALLS_PATH]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert set(form["properties"]) == call_creation.KNOWN


def test_an_account_is_as_described(api: Api, checked) -> None:
    checked("/2010-04-01/Accounts/{Sid}.json", "get", 200, api.call("GET", ".json").json())


def _strict(node: Any) -> Any:
    """The description as a JSON schema: a field that may be null says so in its type."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    strict = {key: _strict(value) for key, value in node.items()}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        strict["type"] = [node["type"], "null"]
    return strict


def _is_rfc_2822(value: object) -> bool:
    return value is None or parsedate_to_datetime(str(value)).utcoffset() is not None


def _is_relative(value: object) -> bool:
    return value is None or re.match(r"/2010-04-01/", str(value)) is not None
