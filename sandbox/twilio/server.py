"""The stand-in put together and served on a loopback port."""

import asyncio
import signal
from pathlib import Path

from aiohttp import web

from sandbox.twilio.carrier import Carrier
from sandbox.twilio.control_routes import Control
from sandbox.twilio.handsets import Handsets
from sandbox.twilio.rest import Rest
from sandbox.twilio.state import State
from sandbox.twilio.voice.control_routes import CallControl
from sandbox.twilio.voice.exchange import Exchange
from sandbox.twilio.voice.rest import CallsRest
from sandbox.twilio.webhooks import Webhooks

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 32 * 1024 * 1024  # a whole country of phones in one control request


def application(state: State) -> web.Application:
    """Every route, wired to one state."""
    webhooks = Webhooks(state)
    carrier = Carrier(state, webhooks)
    handsets = Handsets(state, webhooks, carrier)
    carrier.arrived = handsets.arrived
    app = web.Application(client_max_size=LARGEST_BODY)
    exchange, rest = Exchange(state, webhooks), Rest(state, carrier)
    app.add_routes([*rest.routes(), *CallsRest(state, exchange).routes(), rest.last()])
    app.add_routes(Control(state, webhooks, carrier, handsets).routes())
    app.add_routes(CallControl(state, exchange).routes())

    async def close(_: web.Application) -> None:
        await webhooks.close()

    app.on_cleanup.append(close)
    return app


async def serve(state: State, *, port: int, address: str = LOOPBACK, port_file: Path | None = None) -> None:
    """Serves until SIGTERM or SIGINT. port 0: any free one; the number is written into port_file once it answers.

    Raises OSError when the port is taken.
    """
    runner = web.AppRunner(application(state), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, port, backlog=1024)
        await site.start()
        _announce(address, int(runner.addresses[0][1]), port_file)
        await _until_asked_to_stop()
    finally:
        await runner.cleanup()


def _announce(address: str, port: int, port_file: Path | None) -> None:
    if port_file is None:
        print(f"http://{address}:{port}", flush=True)
        return
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(port))
    draft.rename(port_file)  # whoever waits for the file never reads half a number


async def _until_asked_to_stop() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
