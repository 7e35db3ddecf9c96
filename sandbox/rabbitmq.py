"""A real RabbitMQ on a loopback port, for as long as this process lives; the programs are the system's own."""

import os
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import homes
from sandbox.processes import Child, start, wait_for
from sandbox.servers import free_port

HOW_TO_GET_IT = "RabbitMQ is not installed (Debian, Ubuntu: apt-get install rabbitmq-server)"
# The packages' own start script; the command of the same name on the PATH insists on another user.
PLACES = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server"))
START_TIMEOUT_S = 110.0  # Erlang takes its time on a busy machine


def program() -> Path | None:
    """Where the server lies; None where there is none."""
    return next((place for place in PLACES if place.exists()), None)


@dataclass(slots=True)
class RabbitMQ:
    """One node without a cluster. Its Erlang port mapper is our child as well, so that nothing stays behind."""

    home: Path
    port: int = 0
    child: Child | None = None
    _mapper: Child | None = None
    _ports: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self._ports = free_port(), free_port()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the server and waits until it answers. RuntimeError when it is not installed or does not start."""
        server = program()
        if server is None:
            raise RuntimeError(HOW_TO_GET_IT)
        folder = self._folder()
        environment = self._environment(folder)
        if self._mapper is None:
            mapper = [shutil.which("epmd") or "epmd", "-address", "127.0.0.1", "-port", str(self._ports[0])]
            self._mapper = start("epmd", mapper, log=self.home / "epmd.log", user=homes.server_user())
        self.child = start(
            "rabbitmq", [str(server)], log=self.home / "rabbitmq.log", env=environment, user=homes.server_user()
        )
        wait_for(self._answers, self.child, START_TIMEOUT_S)

    def stop(self) -> None:
        """Ends it in order; its queues are kept for another start."""
        if self.child:
            self.child.stop()
        if self._mapper:
            self._mapper.stop()
            self._mapper = None

    def _folder(self) -> Path:
        folder = self.home / "rabbitmq"
        if not folder.exists():
            folder.mkdir()
            user = homes.server_user()
            if user is not None:
                os.chown(folder, user, user)
        return folder

    def _environment(self, folder: Path) -> Mapping[str, str]:
        mapper, distribution = self._ports
        own = {
            "HOME": folder,
            "ERL_EPMD_PORT": mapper,
            "RABBITMQ_NODENAME": f"courtoisie-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": distribution,
            "RABBITMQ_MNESIA_BASE": folder / "data",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": folder / "none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "detached": "yes",  # the start script then becomes the server instead of watching over it
        }
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
        return theirs | {name: str(value) for name, value in own.items()}

    def _answers(self) -> bool:
        """A protocol it does not speak is answered with the one it does: AMQP 0-9-1, first of the specification."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as probe:
            probe.sendall(b"AMQP\x00\x00\x00\x00")
            return probe.recv(4) == b"AMQP"
        return False
