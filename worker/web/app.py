"""The web process: the application on the program's parts, and the server that runs it."""

import asyncio
import contextlib
import signal
import socket

import structlog
import uvicorn
from starlette.concurrency import run_in_threadpool

from worker import actors, bootstrap, broker
from worker.bootstrap import App
from worker.domain.errors import Refused
from worker.i18n import _, because
from worker.web.assembly import assemble
from worker.web.parts import Parts, Program
from worker.web.quick import QuickReceipts

log = structlog.get_logger()

BACKLOG = 2048
# Longer than the provider and a proxy keep theirs, so that they never write into a connection we are closing.
KEEP_ALIVE_S = 75
GRACE_S = 10


def create_app(app: App, *, queue: broker.Queue) -> QuickReceipts:
    """The application. The route must be bound to the queue, which is where replies are announced."""
    account = app.settings.twilio
    return assemble(
        Parts(
            db=app.db,
            clock=app.clock,
            wake=actors.handle_inbound.send,
            ping_queue=lambda: broker.ping(queue),
            public_url=app.settings.public_url,
            program=Program(
                app.settings,
                app.campaigns,
                app.texts,
                app.desk,
                actors.fan_out.send,
                app.answering.speech,
                actors.leave_voicemail.send,
                actors.place_bridge.send,
                app.forms,
                app.broken,
            ),
            tokens=tuple(t.get_secret_value() for t in (account.auth_token, account.auth_token_secondary)),
        )
    )


def serve(app: App, *, queue: broker.Queue, host: str, port: int) -> None:
    """Serves until SIGTERM or Ctrl-C, then finishes what is under way. Raises Refused when the port is taken."""
    listening = _listen(host, port)
    config = uvicorn.Config(
        create_app(app, queue=queue),
        access_log=False,  # numbers would be in it
        log_config=None,
        proxy_headers=bool(app.settings.trusted_proxies),
        forwarded_allow_ips=list(app.settings.trusted_proxies),
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    # uvicorn raises the signal again after its shutdown; so that the caller may tidy up, it ends like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _prepare(app)
    log.info("web_started", host=host, port=port)
    with listening, contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _prepare(app: App) -> None:
    """Reads what the first people on the telephone would wait a second for, in a process that has just begun."""
    app.answering.speech.texts.prepare()
    app.desk.holidays(app.clock())
    asyncio.run(run_in_threadpool(bool))  # what runs after an answer, loaded by the first that has something to run
    bootstrap.settle()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Refused(
            _("Impossible d'écouter sur {host}, port {port} : {reason}.").format(
                host=host, port=port, reason=because(error)
            )
        ) from None
