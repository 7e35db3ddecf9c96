"""The web application put together from its parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.datastructures import Headers

from worker.services import receipts
from worker.web import edge, health, metrics
from worker.web.api import application
from worker.web.console import application as console
from worker.web.hooks import Hooks
from worker.web.parts import Parts
from worker.web.quick import QuickReceipts
from worker.web.receipts import GroupCommit


def assemble(parts: Parts) -> QuickReceipts:
    """All routes, behind the short way for receipts. Opens no connection: without a database or a queue it starts, and
    /readyz says what is missing."""
    commit = GroupCommit(lambda batch: receipts.record(parts.db, batch, now=parts.clock()))

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        storing = asyncio.create_task(commit.run())
        yield
        storing.cancel()  # every request has been answered by now, so nothing is waiting
        with contextlib.suppress(asyncio.CancelledError):
            await storing

    secure = parts.public_url.startswith("https://")
    web = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    web.add_middleware(edge.Edge, secure=secure)
    web.router.routes.extend(Hooks(parts, commit).routes())
    web.include_router(health.router(parts))
    web.include_router(metrics.router(parts))
    web.router.routes.extend(console.routes(parts))
    web.mount("/api/v1", application.build(parts))
    return QuickReceipts(web, parts=parts, commit=commit, headers=Headers(edge.headers(secure=secure)).raw)
