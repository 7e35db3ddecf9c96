"""Programs that use the JSON interface: each with the token of somebody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

from tests.integration import site as sites
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.staffing import TERMINAL
from worker.store import staff

_names = count(1)


@dataclass
class Program:
    """Asks with one token; every answer is checked for what no answer may show."""

    site: Site
    token: str = field(repr=False, default="")
    login: str = ""

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        answer = self.site.ask(method, "/api/v1" + path, headers=headers, **more)
        assert "Traceback" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        return answer

    def get(self, path: str, **more: Any) -> Any:
        """What is there; it must be there."""
        answer = self.ask("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> requests.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        if body is not None:
            more["json"] = body
        return self.ask("POST", path, headers=headers | more.pop("headers", {}), **more)

    def done(self, path: str, body: Any = None, **more: Any) -> Any:
        """A POST that must succeed."""
        answer = self.post(path, body, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, status: int, code: str, **more: Any) -> str:
        """A request that must end as this problem; returns its sentence."""
        answer = self.ask(method, path, **more)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), answer.text
        assert problem["type"] == f"urn:courtoisie:problem:{code}"
        assert problem["title"]
        return str(problem["detail"])


def hire(site: Site, role: Role = Role.OPERATOR, *agencies: str, login: str = "") -> Program:
    """Somebody new, who only uses programs and so has no password."""
    name = login or f"{role}{next(_names)}"
    with site.db.begin() as connection:
        staff.add(connection, login=name, role=role, agencies=list(agencies), password_hash=None, now=site.now)
    issued = staffing.issue_token(site.db, name, name="tests", role=None, days=30, by=TERMINAL, now=site.now)
    return Program(site, issued.token, name)


@contextmanager
def open_to(town: Town) -> Iterator[Site]:
    """The town's site, with its clock."""
    with sites.running(Site(town.db, town.now)) as site:
        yield site
