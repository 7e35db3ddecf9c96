"""A listing sent through the interface: looked at, then applied, exactly the one that was looked at."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests import listings
from tests.integration import site as sites
from tests.integration.api_client import Program, hire
from tests.integration.site import Site
from tests.listings import tenant
from worker.store.database import Database


@pytest.fixture
def operator(db: Database, now: Any) -> Iterator[Program]:
    with sites.running(Site(db, now)) as site:
        yield hire(site)


def send(program: Program, path: str, content: bytes, *, key: str = "", **query: str) -> requests.Response:
    headers = {"Content-Type": "application/octet-stream"} | ({"Idempotency-Key": key} if key else {})
    return program.ask("POST", path, data=content, params={"kind": "csv"} | query, headers=headers)


def present(program: Program) -> int:
    with program.site.db.begin() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM tenant WHERE status = 'active'").scalar_one())


SAMPLE = (listings.SAMPLES / "locataires_cp1252.csv").read_bytes()


def test_a_dry_run_changes_nothing_and_an_import_does(operator: Program) -> None:
    seen = send(operator, "/imports/dry-run", SAMPLE).json()
    assert (seen["applied"], present(operator)) == (False, 0)

    done = send(operator, "/imports", SAMPLE, digest=seen["digest"]).json()

    assert done["applied"]
    assert done["tenants"] == seen["tenants"]
    assert present(operator) == seen["tenants"]["new"]


def test_another_file_than_the_one_looked_at_is_refused(operator: Program) -> None:
    digest = send(operator, "/imports/dry-run", SAMPLE).json()["digest"]

    answer = send(operator, "/imports", SAMPLE + b"\r\n", digest=digest)

    assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    assert present(operator) == 0


def test_problems_name_the_row_and_never_quote_it(operator: Program) -> None:
    answer = send(operator, "/imports/dry-run", (listings.SAMPLES / "difficile.csv").read_bytes())
    seen = answer.json()

    assert seen["problems_total"] == len(seen["problems"]) > 0
    assert {"row", "code", "weight", "column"} == set(seen["problems"][0])
    assert "LEFÈVRE" not in answer.text


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(200), "Nom;Prénom\nX;Y\n".encode(), b"\x00" * 500])
def test_what_is_no_listing_is_refused_with_its_reason_and_no_path(operator: Program, content: bytes) -> None:
    answer = send(operator, "/imports/dry-run", content)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_listing")
    assert "/tmp" not in answer.text  # noqa: S108  # a place that must not be named
    assert "courtoisie-" not in answer.text


@pytest.mark.parametrize("query", [{"kind": "exe"}, {"kind": "../x"}, {"kind": ""}])
def test_the_kind_of_file_is_one_of_a_few(operator: Program, query: dict[str, str]) -> None:
    answer = send(operator, "/imports/dry-run", SAMPLE, **query)

    assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, "query.kind")


def test_half_a_file_is_refused_unless_meant(operator: Program, tmp_path: Any) -> None:
    whole = listings.write(tmp_path / "whole.csv", [tenant(number=n) for n in range(10)]).read_bytes()
    half = listings.write(tmp_path / "half.csv", [tenant(number=n) for n in range(5)]).read_bytes()
    send(operator, "/imports", whole)

    assert send(operator, "/imports/dry-run", half).json()["would_be_refused"]
    answer = send(operator, "/imports", half)
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert present(operator) == 10
    assert send(operator, "/imports", half, allow_shrink="true").json()["tenants"]["gone"] == 5


def test_the_same_import_sent_twice_with_a_key_is_one(operator: Program) -> None:
    first, second = (send(operator, "/imports", SAMPLE, key="one") for _n in range(2))

    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert send(operator, "/imports", SAMPLE + b"\r\n", key="one").json()["code"] == "key_reused"
