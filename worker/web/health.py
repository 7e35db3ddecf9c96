"""Is the process alive, and has it all it needs."""

import asyncio
from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from worker.domain.errors import CourtoisieError, Unavailable
from worker.i18n import _
from worker.store import schema_version
from worker.store.database import Database
from worker.web.parts import Parts

PATIENCE_S = 6.0

Probe = Callable[[], None]


def router(parts: Parts) -> APIRouter:
    """GET /healthz: the process answers. GET /readyz: database, schema and queue are there; 503 says which is not."""
    probes: Mapping[str, Probe] = {
        "database": parts.db.ping,
        "schema": lambda: _current(parts.db),
        "broker": parts.ping_queue,
    }
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"alive": True})

    @routes.get("/readyz")
    async def readyz() -> JSONResponse:
        answers = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
        missing = {name: why for name, why in zip(probes, answers, strict=True) if why is not None}
        return JSONResponse({"ready": not missing, "missing": missing}, status_code=503 if missing else 200)

    return routes


async def _ask(probe: Probe) -> str | None:
    """None when all is well, else why not."""
    try:
        await asyncio.wait_for(asyncio.to_thread(probe), PATIENCE_S)
    except TimeoutError:
        return _("aucune réponse en {seconds:.0f} s").format(seconds=PATIENCE_S)
    except CourtoisieError as error:
        return str(error)
    return None


def _current(db: Database) -> None:
    with db.begin() as connection:
        if not schema_version.is_current(connection):
            raise Unavailable(_("Le schéma de la base n'est pas à jour : lancez « courtoisie migrate »."))
