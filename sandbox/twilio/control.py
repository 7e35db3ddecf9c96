"""A client of the stand-in's control API, for tests, the demo and benches."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Entries = list[dict[str, Any]]
TIMEOUT_S = 60.0


class ControlError(Exception):
    """The stand-in refused a control request; the text says why."""


@dataclass(frozen=True, slots=True)
class Control:
    """url: the stand-in's base, as COURTOISIE_TWILIO__API_URL has it."""

    url: str

    def account(self) -> dict[str, str]:
        """sid, token, secondary_token, api_key_sid, api_key_secret, signing_token."""
        return dict(self._call("GET", "account"))

    def rotate(self) -> dict[str, str]:
        """Promotes the secondary token; returns the account as it is then."""
        return dict(self._call("POST", "account/rotate"))

    def reset(self, seed: str | None = None, *, everything: bool = False) -> None:
        """Forgets the run; account, senders and settings stay, unless everything is to be as at the start."""
        self._call("POST", "reset", {"seed": seed, "everything": everything})

    def settings(self, **changes: object) -> dict[str, Any]:
        """Changes settings by name (see settings.py); returns all of them."""
        return dict(self._call("POST", "settings", changes))

    def clock(self, *, speed: float | None = None, jump_s: float = 0.0) -> dict[str, Any]:
        """Sets the speed, then jumps; what became due has been posted on return. {now, speed, pending, next}"""
        return dict(self._call("POST", "clock", {"speed": speed, "jump_s": jump_s}))

    def add_fault(self, kind: str, **details: object) -> None:
        """Adds a line to the script of what goes wrong (see faults.py)."""
        self._call("POST", "faults", [{"kind": kind, **details}])

    def faults(self) -> Entries:
        """The script, with hits."""
        return list(self._call("GET", "faults"))

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def put_senders(self, *senders: Mapping[str, object]) -> None:
        """Adds or changes senders (see senders.py): {"address": "38000"} is enough for a short code."""
        self._call("POST", "senders", list(senders))

    def senders(self) -> Entries:
        """The senders configured in the account."""
        return list(self._call("GET", "senders"))

    def put_phones(self, phones: Mapping[str, str]) -> None:
        """Gives each number its behaviour."""
        listed = [{"number": number, "behaviour": behaviour} for number, behaviour in phones.items()]
        self._call("POST", "phones", {"phones": listed})

    def put_phone(
        self,
        number: str,
        behaviour: str,
        *,
        code: int | None = None,
        answers: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        """One phone: its behaviour, the network's code for it, or the very texts it answers (seconds after, text)."""
        phone = {"number": number, "behaviour": behaviour, "code": code, "answers": answers}
        self._call("POST", "phones", {"phones": [phone]})

    def set_mix(self, mix: Mapping[str, float]) -> None:
        """What the phones that were not set do, by weight."""
        self._call("POST", "phones", {"mix": dict(mix)})

    def behaviours(self, numbers: Sequence[str]) -> dict[str, str]:
        """The behaviour behind each number."""
        found: dict[str, str] = {}
        for start in range(0, len(numbers), 200):
            found |= self._call("GET", "phones", query=[("number", n) for n in numbers[start : start + 200]])
        return found

    def inbound(self, phone: str, to: str, body: str) -> str:
        """A phone writes to a sender, now; returns the sid."""
        return str(self._call("POST", "inbound", {"from": phone, "to": to, "body": body})["sid"])

    def receipt(self, sid: str, status: str, code: int | None = None) -> None:
        """Posts a receipt whatever the message's own status."""
        self._call("POST", "receipt", {"sid": sid, "status": status, "code": code})

    def messages(self, *, to: str | None = None, **filters: object) -> Entries:
        """The journal of messages, oldest first: to, direction, contains, since (a seq), limit; `sender` for from."""
        query = {"to": to, "from": filters.pop("sender", None), **filters}
        return list(self._call("GET", "messages", query=_given(query)))

    def put_callee(self, number: str, manner: str = "fine", **doings: object) -> None:
        """How a number behaves when it is rung (see sandbox/callees.py); doings: in place of the manner's own."""
        callee = {"number": number, "manner": manner, "doings": doings or None}
        self._call("POST", "callees", {"callees": [callee]})

    def put_callees(self, manners: Mapping[str, str]) -> None:
        """Gives each number its manner."""
        self._call("POST", "callees", {"callees": [{"number": n, "manner": m} for n, m in manners.items()]})

    def set_manners(self, mix: Mapping[str, float]) -> None:
        """How the numbers that were not set behave when they are rung, by weight."""
        self._call("POST", "callees", {"mix": dict(mix)})

    def manners(self, numbers: Sequence[str]) -> dict[str, str]:
        """How each number behaves when it is rung."""
        found: dict[str, str] = {}
        for start in range(0, len(numbers), 200):
            found |= self._call("GET", "callees", query=[("number", n) for n in numbers[start : start + 200]])
        return found

    def ring(self, phone: str, to: str, manner: str = "silent", **doings: object) -> str:
        """A phone rings one of our numbers, now; returns the sid of the call."""
        wish = {"from": phone, "to": to, "manner": manner, "doings": doings}
        return str(self._call("POST", "ring", wish)["sid"])

    def call_status(self, sid: str, status: str) -> None:
        """Posts a status of a call whatever the call's own."""
        self._call("POST", "call_status", {"sid": sid, "status": status})

    def calls(self, **filters: object) -> Entries:
        """The calls, oldest first, with what was heard and pressed: to, direction, status, sid, since; `sender`."""
        query = {"from": filters.pop("sender", None), **filters}
        return list(self._call("GET", "calls", query=_given(query)))

    def refused(self, **filters: object) -> Entries:
        """Create requests that were not accepted: to, code, reason."""
        return list(self._call("GET", "refused", query=_given(filters)))

    def webhooks(self, **filters: object) -> Entries:
        """Posts to the application: sid, to, kind (status, inbound), label, answer."""
        return list(self._call("GET", "webhooks", query=_given(filters)))

    def alerts(self, **filters: object) -> Entries:
        """What Twilio's debugger would show: code, sid."""
        return list(self._call("GET", "alerts", query=_given(filters)))

    def counts(self, above: int = 0) -> dict[str, int]:
        """Accepted texts per recipient, where there are more than `above`."""
        return dict(self._call("GET", "counts", query=[("above", str(above))]))

    def optouts(self) -> list[tuple[str, str]]:
        """Pairs of sender and phone that Twilio itself blocks."""
        return [(source, phone) for source, phone in self._call("GET", "optouts")]

    def stats(self) -> dict[str, Any]:
        """The figures of the run, the clock's, and what is under way."""
        return dict(self._call("GET", "stats"))

    def wait_idle(self, timeout_s: float = 30.0) -> dict[str, Any]:
        """Waits until nothing is due on the clock and nothing is being posted; returns the stats."""
        deadline = time.monotonic() + timeout_s
        while True:
            stats = self.stats()
            if not (stats["pending"] or stats["webhooks_under_way"] or stats["in_flight"]):
                return stats
            if time.monotonic() > deadline:
                raise ControlError(f"still busy after {timeout_s} s: {stats}")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return bool(self.stats())
        except OSError:
            return False

    def _call(self, method: str, path: str, body: object = None, *, query: Sequence[tuple[str, str]] = ()) -> Any:
        url = f"{self.url}/_control/{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, method=method)  # noqa: S310  # our own server
        try:
            with _open(request) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(f"{method} {path}: {json.loads(error.read())['error']}") from None


def _open(request: urllib.request.Request) -> Any:
    """No proxy: the stand-in is on this machine."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT_S)


def _given(query: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in query.items() if value is not None]
