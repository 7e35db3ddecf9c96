"""The stand-in for Twilio as a child process, as long as its owner lives."""

import os
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sandbox.processes import Child, start, wait_for
from sandbox.twilio.control import Control

ROOT = Path(__file__).parent.parent


@dataclass(slots=True)
class Standin:
    """One stand-in. port 0: any free one. Its log and port file lie in `home`. address: one of this machine's.

    starts_at: on its own clock; None: our time.
    """

    home: Path
    port: int = 0
    address: str = "127.0.0.1"
    seed: str = "courtoisie"
    speed: float = 1.0
    inbound_url: str = ""
    starts_at: datetime | None = None
    child: Child | None = None
    control: Control = field(init=False)

    @property
    def url(self) -> str:
        """What takes the place of https://api.twilio.com."""
        return f"http://{self.address}:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        port_file = self.home / "twilio.port"
        port_file.unlink(missing_ok=True)
        options = [
            "--address",
            self.address,
            "--port",
            str(self.port),
            "--port-file",
            str(port_file),
            "--seed",
            self.seed,
        ]
        options += ["--speed", str(self.speed), "--inbound-url", self.inbound_url]
        if self.starts_at is not None:
            options += ["--now", str(self.starts_at.timestamp())]
        command = [sys.executable, "-m", "sandbox.twilio", *options]
        self.child = start("twilio", command, log=self.home / "twilio.log", env=_environment(), cwd=ROOT)
        wait_for(port_file.exists, self.child)
        self.port = int(port_file.read_text())
        self.control = Control(self.url)

    def stop(self) -> None:
        if self.child:
            self.child.stop()


def _environment() -> dict[str, str]:
    """Ours, without the product's settings: the stand-in must know nothing of them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COURTOISIE_", "TWILIO_"))}
