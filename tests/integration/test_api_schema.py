"""The interface is as it describes itself: requests are drawn from the description, and no answer may contradict it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox import servers
from tests import builders
from tests.integration import site as sites
from tests.integration.api_client import hire
from tests.integration.conftest import Town
from tests.integration.referral_office import Office
from tests.integration.site import Site
from tests.integration.test_api_roles import ROUTES
from worker.domain.roles import Role
from worker.store.database import connect
from worker.web.api import problems

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def site(postgres: servers.Postgres, template_database: str) -> Iterator[Site]:
    """A town with something of everything in it, so that low numbers name something."""
    db = connect(postgres.create_database("test_api_schema", template_database))
    town = Town(db, NOW)
    homes = [town.household(agency=code) for code in ("01", "02") for _n in range(3)]
    town.open()
    for home, words in zip(homes, ("appelez moi", "oui", "la chaudiere siffle", "STOP", "ok", "?"), strict=True):
        town.reply(home.phone, words)
    town.reply(builders.mobile(), "qui etes vous ?")
    office = Office(town)
    office.sent(homes[0])
    office.draft(homes[3])
    with sites.running(Site(db, NOW)) as running:
        yield running
    db.close()


@pytest.fixture(scope="module")
def described(site: Site) -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_url(f"{site.url}/api/v1/openapi.json")


@pytest.fixture(scope="module")
def token(site: Site) -> str:
    return hire(site, Role.ADMIN).token


# The stream has no end; test_api_events.py reads it.
@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if not route[1].endswith("/stream")])
def test_no_answer_contradicts_the_description(
    described: schemathesis.schemas.BaseSchema, token: str, method: str, path: str
) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy())
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

    holds()


def test_the_description_is_valid_and_gives_an_example_of_each_body(site: Site) -> None:
    described = site.ask("GET", "/api/v1/openapi.json").json()
    schemas = described["components"]["schemas"]

    assert described["openapi"].startswith("3.1")
    assert described["servers"] == [{"url": "/api/v1"}]
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route["description"], path
            assert route["security"] == [{"HTTPBearer": []}], path
            assert {"401", "403", "422", "503"} <= set(route["responses"]), (method, path)
            for content in route.get("requestBody", {}).get("content", {}).values():
                named = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
                required = schemas.get(named, {}).get("required", [])
                assert all("examples" in _resolved(schemas[named]["properties"][r], schemas) for r in required), path


def test_the_page_about_the_interface_names_every_route_and_every_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")

    listed = re.findall(r"^\| `(GET|POST) (/[^`]*)` \|", page, re.MULTILINE)
    codes = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, re.MULTILINE)
    assert sorted(listed) == sorted(ROUTES)
    assert [(code, int(status)) for code, status in codes] == [(c, s) for c, (s, _title) in problems.KNOWN.items()]


def _resolved(field: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A closed list is its own example."""
    reference = field.get("$ref", "").rsplit("/", 1)[-1]
    return field | ({"examples": schemas[reference]["enum"]} if reference else {})
