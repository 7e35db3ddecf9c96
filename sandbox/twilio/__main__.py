"""`python -m sandbox.twilio`: the stand-in as a process of its own."""

import argparse
import asyncio
import gc
import sys
from pathlib import Path

import uvloop

from sandbox.twilio.server import LOOPBACK, serve
from sandbox.twilio.settings import Settings
from sandbox.twilio.state import fresh


def main() -> int:
    options = _options()
    gc.set_threshold(100_000, 20, 50)  # the journal only grows: walking it again and again frees nothing
    settings = Settings(inbound_url=options.inbound_url, strict_urls=options.strict_urls)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(options, settings))
        except OSError as error:
            print(f"The stand-in cannot listen on port {options.port}: {error.strerror}", file=sys.stderr)
            return 1
    return 0


async def _serve(options: argparse.Namespace, settings: Settings) -> None:
    state = fresh(options.seed, settings=settings, speed=options.speed, now=options.now)
    await serve(state, address=options.address, port=options.port, port_file=options.port_file)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.twilio", description="A stand-in for Twilio, on loopback.")
    parser.add_argument(
        "--address", default=LOOPBACK, help="one of this machine's; anything else than loopback is for tests"
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--port-file", type=Path, help="write the port here once it answers, instead of printing")
    parser.add_argument("--seed", default="courtoisie", help="phones, delays and credentials follow from it")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of its clock per second of ours")
    parser.add_argument("--now", type=float, help="seconds since 1970 at which its clock starts; otherwise ours")
    parser.add_argument("--inbound-url", default="", help="where texts from phones are posted")
    parser.add_argument("--strict-urls", action="store_true", help="refuse loopback StatusCallbacks, as Twilio does")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
