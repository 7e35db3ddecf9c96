"""The stand-in as an application sees it: its API, its webhooks, and a clock that only moves when told."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.twilio.control import Control
from tests.integration.standin.listener import Listener, Post, Reply

SHORT_CODE = "38000"
PHONE = "+33639980001"
ASKS = "Les Chalets : canicule. Comment allez-vous ? Répondez 1 = tout va bien, 2 = appelez-moi. Malaise : faites le 15"


class Api:
    """Twilio's API over plain HTTP, logged in with the account's token unless told otherwise."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.account = control.account()
        self.session = requests.Session()
        self.session.trust_env = False
        self.login = (self.account["sid"], self.account["token"])

    @property
    def base(self) -> str:
        return f"{self.control.url}/2010-04-01/Accounts/{self.account['sid']}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"auth": self.login, "timeout": 20, "allow_redirects": False} | options
        return self.session.request(method, f"{self.base}{path}", **options)

    def send(self, to: str = PHONE, **fields: str | None) -> requests.Response:
        """Creates a message; a field given as None is left out."""
        form = {"To": to, "From": SHORT_CODE, "Body": "Bonjour"} | fields
        return self.call("POST", "/Messages.json", data={k: v for k, v in form.items() if v is not None})

    def sent(self, to: str = PHONE, **fields: str | None) -> dict[str, Any]:
        """The same, which must succeed."""
        reply = self.send(to, **fields)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def fetch(self, sid: str) -> dict[str, Any]:
        return self.call("GET", f"/Messages/{sid}.json").json()

    def list(self, **query: str) -> dict[str, Any]:
        return self.call("GET", "/Messages.json", params=query).json()


@pytest.fixture
def twilio(standin: Control) -> Control:
    """The stand-in with a short code, phones that all read and stay silent, exact delays, and a stopped clock."""
    standin.clock(speed=0)
    standin.put_senders({"address": SHORT_CODE, "segments_per_s": 1000})
    standin.set_mix({"silent": 1})
    standin.settings(sent_delay_s=(1, 1), final_delay_s=(2, 2))
    return standin


@pytest.fixture
def api(twilio: Control) -> Iterator[Api]:
    made = Api(twilio)
    yield made
    made.session.close()


@pytest.fixture
def app(twilio: Control) -> Iterator[Listener]:
    """The application: hears inbound messages, and receipts where a message names it."""
    with Listener() as listener:
        twilio.settings(inbound_url=f"{listener.url}/inbound")
        yield listener


@pytest.fixture
def receipts(app: Listener) -> Callable[[int], list[str]]:
    """The statuses heard so far, once so many receipts have come."""

    def heard(count: int) -> list[str]:
        return [post.form["MessageStatus"] for post in app.wait_for(count, matching=is_receipt)]

    return heard


def is_receipt(post: Post) -> bool:
    return "MessageStatus" in post.form


NUMBER = "+33939000001"
LANDLINE = "+33536490001"


class Telephone:
    """An application for calls: says what a test wants said, and hears how they go."""

    def __init__(self, api: Api, app: Listener) -> None:
        self.api = api
        self.app = app
        self.control = api.control

    def says(self, path: str, *documents: str | Reply) -> None:
        """What is answered at a path: TwiML without its <Response>, in turn; the last one stays."""
        self.app.at[path] = [d if isinstance(d, Reply) else spoken(d) for d in documents]

    def call(self, to: str = LANDLINE, **fields: object) -> requests.Response:
        """Places a call that tells everything; a field given as None is left out."""
        form = {
            "To": to,
            "From": NUMBER,
            "Url": f"{self.app.url}/answer",
            "StatusCallback": f"{self.app.url}/status",
            "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        } | fields
        return self.api.call("POST", "/Calls.json", data={k: v for k, v in form.items() if v is not None})

    def called(self, to: str = LANDLINE, **fields: object) -> str:
        """The same, which must succeed; returns the sid."""
        reply = self.call(to, **fields)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["sid"])

    def over(self, sid: str, *, after_s: float = 200.0) -> dict[str, Any]:
        """How a call went, once so much time has passed."""
        self.control.clock(jump_s=after_s)
        return self.control.calls(sid=sid)[0]

    def heard(self, sid: str) -> list[str]:
        return [line["text"] for line in self.control.calls(sid=sid)[0]["heard"]]

    def posts(self, path: str) -> list[dict[str, str]]:
        """The forms posted to a path so far."""
        return [post.form for post in self.app.posts if post.path.partition("?")[0] == path]

    def statuses(self) -> list[str]:
        return [form["CallStatus"] for form in self.posts("/status")]


def spoken(verbs: str) -> Reply:
    return Reply(200, f'<?xml version="1.0" encoding="UTF-8"?><Response>{verbs}</Response>', "text/xml")


@pytest.fixture
def phone(api: Api, app: Listener) -> Telephone:
    """A number of ours, and a household that presses 1 in the middle of a question."""
    api.control.put_senders({"address": NUMBER})
    api.control.put_callee(LANDLINE, "fine")
    api.control.settings(voice_url=f"{app.url}/inbound")
    telephone = Telephone(api, app)
    telephone.says("/answer", QUESTION)
    telephone.says("/keys", "<Say>Merci.</Say>")
    return telephone


QUESTION = '<Gather numDigits="1" action="/keys?m=1"><Say>Si tout va bien, tapez 1.</Say></Gather><Say>Au revoir.</Say>'
