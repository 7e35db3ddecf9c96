"""A request sent again is done once, and lists hold still while rows arrive."""

import concurrent.futures
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.api_client import Program, hire, open_to
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role

LAUNCH = {"campaign": "canicule-orange", "confirm": True}


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    town.household()
    with open_to(town) as running:
        yield running


@pytest.fixture
def operator(site: Site) -> Program:
    return hire(site)


def test_the_same_key_and_body_get_the_same_answer_and_nothing_is_done_twice(operator: Program, town: Town) -> None:
    first, second = (operator.post("/events", LAUNCH, key="one") for _n in range(2))

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Content-Type"] == "application/json"
    assert len(town.rows("campaign_event")) == 1


def test_an_answer_without_a_body_is_repeated_as_it_was(operator: Program, town: Town) -> None:
    operator.done("/events", LAUNCH)
    town.reply(str(town.rows("phone")[0]["e164"]), "appelez moi")
    task = operator.done("/tasks/next")["task"]["id"]

    answers = [operator.post(f"/tasks/{task}/release", key="let-go") for _n in range(2)]

    assert [(a.status_code, a.content) for a in answers] == [(204, b"")] * 2


def test_a_key_used_for_something_else_is_refused(operator: Program) -> None:
    operator.done("/events", LAUNCH, key="one")

    operator.refused(
        "POST", "/events", 422, "key_reused", json=LAUNCH | {"occasion": "2"}, headers={"Idempotency-Key": "one"}
    )
    operator.refused("POST", "/events/1/pause", 422, "key_reused", headers={"Idempotency-Key": "one"})


def test_a_key_belongs_to_one_account(operator: Program, site: Site, town: Town) -> None:
    operator.done("/events", LAUNCH | {"occasion": "a"}, key="one")
    hire(site).done("/events", LAUNCH | {"occasion": "b"}, key="one")

    assert {e["occasion"] for e in town.rows("campaign_event")} == {"a", "b"}


def test_a_refusal_is_repeated_too(operator: Program, site: Site) -> None:
    unconfirmed = LAUNCH | {"confirm": False}
    answers = [operator.post("/events", unconfirmed, key="one") for _n in range(2)]

    assert [a.status_code for a in answers] == [409, 409]
    assert [a.headers["Content-Type"] for a in answers] == ["application/problem+json"] * 2
    assert answers[0].json() == answers[1].json()


def test_after_a_day_a_key_is_new_again(operator: Program, site: Site) -> None:
    operator.done("/events", LAUNCH | {"occasion": "a"}, key="one")
    site.now += timedelta(hours=24)

    assert operator.done("/events", LAUNCH | {"occasion": "b"}, key="one")["new"]


def test_no_answer_is_kept_longer_than_a_day(operator: Program, site: Site, town: Town) -> None:
    operator.done("/events", LAUNCH, key="one")
    site.now += timedelta(hours=24)
    operator.done("/events", LAUNCH, key="two")

    assert [row["key"] for row in town.rows("kept_answer")] == ["two"]


def test_twenty_at_once_with_one_key_are_one(operator: Program, town: Town) -> None:
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _n: operator.post("/events", LAUNCH, key="one"), range(20)))

    assert {a.status_code for a in answers} <= {201, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"under_way"}
    assert operator.post("/events", LAUNCH, key="one").status_code == 201
    assert len(town.rows("campaign_event")) == 1


def test_what_a_dead_process_left_reserved_is_free_after_a_minute_for_the_same_request_only(
    operator: Program, site: Site
) -> None:
    operator.done("/events", LAUNCH, key="one")
    with site.db.begin() as connection:
        connection.execute(text("UPDATE kept_answer SET status = NULL, body = NULL"))

    operator.refused("POST", "/events", 409, "under_way", json=LAUNCH, headers={"Idempotency-Key": "one"})
    site.now += timedelta(seconds=61)
    operator.refused(
        "POST", "/events", 422, "key_reused", json=LAUNCH | {"occasion": "b"}, headers={"Idempotency-Key": "one"}
    )
    assert operator.post("/events", LAUNCH, key="one").status_code == 200


def test_a_token_that_is_worth_nothing_keeps_no_key(operator: Program, site: Site, town: Town) -> None:
    caller = hire(site, Role.CALLER)

    assert Program(site).post("/events", LAUNCH, key="one").status_code == 401
    assert caller.post("/events", LAUNCH, key="one").status_code == 403
    assert town.rows("kept_answer") == []


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "café"])
def test_a_key_is_a_short_word(operator: Program, key: str) -> None:
    answer = operator.post("/events", LAUNCH, headers={"Idempotency-Key": key.encode()})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_password_leaves_no_trace(site: Site, town: Town) -> None:
    admin = hire(site, Role.ADMIN)
    new = {"login": "odile", "password": "quatre mots sans rapport", "role": "caller"}

    assert admin.post("/users", new, key="one").status_code == 201
    assert admin.post("/users", new, key="one").status_code == 409
    assert town.rows("kept_answer") == []


# ---- pages ------------------------------------------------------------------


def pages(program: Program, path: str, limit: int) -> Iterator[list[dict[str, object]]]:
    cursor = ""
    while True:
        page = program.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        yield page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return


def test_events_come_page_by_page_and_new_ones_repeat_none(operator: Program) -> None:
    for number in range(5):
        operator.done("/events", LAUNCH | {"occasion": f"o{number}"})
    seen = []
    for number, page in enumerate(pages(operator, "/events", 2)):
        seen += [event["occasion"] for event in page]
        operator.done("/events", LAUNCH | {"occasion": f"later{number}"})

    assert seen == ["o4", "o3", "o2", "o1", "o0"]


def test_tasks_come_page_by_page_and_new_ones_hide_none(operator: Program, town: Town) -> None:
    homes = [town.household() for _n in range(7)]
    town.open()
    for home in homes:
        town.reply(home.phone, "appelez moi")
    seen: list[object] = []
    for page in pages(operator, "/tasks", 3):
        seen += [task["household_id"] for task in page]
        urgent = town.household()
        town.open(occasion=f"again {len(seen)}")
        town.reply(urgent.phone, "je suis tombee aidez moi")

    assert [h for h in seen if h in {home.id for home in homes}] == [home.id for home in homes]
    assert len(seen) == len(set(seen))


def test_messages_and_audit_come_page_by_page(site: Site, town: Town) -> None:
    admin = hire(site, Role.ADMIN)
    for number in range(5):
        town.reply(f"+3361234567{number}", "qui etes vous ?")

    messages = [m["e164"] for page in pages(admin, "/messages/to-file", 2) for m in page]
    assert messages == [f"+3361234567{number}" for number in range(5)]
    entries = [e["id"] for page in pages(admin, "/audit", 3) for e in page]
    assert entries == sorted(entries, reverse=True)
    assert len(entries) == len(set(entries)) >= 5
