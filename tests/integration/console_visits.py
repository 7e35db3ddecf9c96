"""The console as people reach it: a site, a browser without scripts, somebody who may sign in, a call that is owed."""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import requests
from pydantic import SecretStr

from tests import builders
from tests.integration.site import Site
from worker.domain.roles import Person, Role
from worker.services import staffing
from worker.web.parts import Parts

if TYPE_CHECKING:
    from tests.integration.conftest import Town

PASSWORD = "trois mots sans rapport"
ROOT = Person(0, "root", Role.ADMIN)


class Console(Site):
    """A site whose settings have a secret key, reached by plain http, for whose cookies a test needs no certificate."""

    def parts(self) -> Parts:
        return replace(super().parts(), public_url="http://127.0.0.1")

    def _program(self):  # type: ignore[no-untyped-def]
        program = super()._program()
        return replace(program, settings=program.settings.model_copy(update={"secret_key": SecretStr("k" * 40)}))


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass
class Browser:
    """Follows links and sends forms as a browser without scripts does."""

    url: str
    session: requests.Session = field(default_factory=_session)
    page: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""

    def get(self, path: str) -> "Browser":
        return self._came(self.session.get(self.url + path, timeout=10))

    def send(self, path: str, **fields: str) -> "Browser":
        token = re.search(r'name="csrf" value="([^"]+)"', self.page)
        values = {"csrf": token[1] if token else "", **fields}
        return self._came(self.session.post(self.url + path, data=values, timeout=10))

    def sign_in(self, login: str, password: str = PASSWORD) -> "Browser":
        return self.get("/login").send("/login", login=login, password=password, next="/")

    def _came(self, answer: requests.Response) -> "Browser":
        self.page, self.status, self.headers = answer.text, answer.status_code, dict(answer.headers)
        self.path = answer.url.removeprefix(self.url)
        return self


def account(town: "Town", login: str, role: Role, *agencies: str) -> str:
    """Somebody who may sign in."""
    staffing.add(town.db, login=login, password=PASSWORD, role=role, agencies=agencies, by=ROOT, now=town.now)
    return login


def owed(town: "Town", **what: object) -> builders.Household:
    """A household that wants to be rung."""
    home = town.household(**what)
    town.reply(home.phone, "2")
    return home
