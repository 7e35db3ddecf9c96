"""The interface put together: its routes, its refusals, its description for other programs."""

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from worker.domain.errors import CourtoisieError
from worker.web.api import (
    bridges,
    campaigns,
    checks,
    directory,
    events,
    households,
    imports,
    messages,
    partners,
    problems,
    referrals,
    reports,
    schedules,
    sign_in,
    staff,
    streams,
    tasks,
    tasks_in_hand,
    wishes,
)
from worker.web.api.house import House
from worker.web.api.problems import Problem, Trouble
from worker.web.api.sizes import Sizes
from worker.web.parts import Parts

DESCRIPTION = """
Everything the command line does, for other programs. Times have their zone, identifiers are opaque.

A token goes into `Authorization: Bearer …`. What an account may not see does not exist for it: 404. Every refusal is
`application/problem+json` with a stable `code`. A POST with an `Idempotency-Key` may be sent again within 24 hours and
is done once. Lists come in pages: give `next_cursor` back as `cursor`.
"""

# What any route may answer, whatever was asked.
ALWAYS = problems.responses("bad_cursor", "not_signed_in", "not_allowed", "invalid", "unavailable")


def build(parts: Parts) -> FastAPI:
    """The interface, to be mounted at /api/v1. Opens no connection."""
    api = FastAPI(
        title="Courtoisie",
        version="1",
        description=DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=ALWAYS,
        separate_input_output_schemas=False,
    )
    api.state.house = House(parts)
    _describe_problems(api)
    for kind in (CourtoisieError, Trouble, RequestValidationError, HTTPException, Exception):
        api.add_exception_handler(kind, problems.handle)
    api.add_middleware(Sizes)
    for room in (
        campaigns,
        checks,
        events,
        streams,
        reports,
        schedules,
        tasks_in_hand,
        bridges,
        tasks,
        households,
        wishes,
        directory,
        partners,
        referrals,
        imports,
        messages,
        staff,
        sign_in,
    ):
        api.include_router(room.router)
    return api


def _describe_problems(api: FastAPI) -> None:
    """FastAPI describes a model only as application/json; ours has a media type of its own."""
    described = api.openapi

    def whole() -> dict[str, Any]:
        made = described()
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        made["components"]["schemas"].update(problem.pop("$defs"), Problem=problem)
        return made

    api.openapi = whole  # type: ignore[method-assign]  # FastAPI's own way of extending a description
