"""Several hosts on one machine: network namespaces of their own, joined by a switch, any of which can be cut off.

The servers stand in one namespace, each worker host in another. Nothing touches the machine's own network, and all of
it vanishes with the processes that hold it. Cutting pulls the cable out of the switch: packets are lost in both
directions and nobody is told, neither by a reset nor by a carrier that goes away. Linux, as root, with iproute2 and
util-linux.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.processes import Child, start, wait_for

# Addresses set aside for documentation (RFC 5737): outside our namespaces they lead nowhere.
SERVERS = "198.51.100.1"


def missing() -> str | None:
    """Why there can be no hosts here, or None: as good as trying it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    script = "ip link add wire type bridge && ip link add left type veth peer name right"
    try:
        done = subprocess.run(
            ["unshare", "--net", "--uts", "sh", "-c", script], capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        return f"{error.filename} is missing (apt-get install iproute2 util-linux)"
    return f"this kernel makes no network of hosts: {done.stderr.strip()}" if done.returncode else None


@dataclass(frozen=True, slots=True)
class Host:
    """One host: a process that does nothing but hold its namespaces."""

    name: str
    number: int
    holder: Child

    @property
    def address(self) -> str:
        return f"198.51.100.{self.number}"

    @property
    def ethernet(self) -> str:
        return f"02:00:00:00:00:{self.number:02x}"

    def command(self, *command: str) -> list[str]:
        """A command as it is run on this host."""
        proc = f"/proc/{self.holder.pid}/ns"
        return ["nsenter", f"--net={proc}/net", f"--uts={proc}/uts", "--", *command]

    def run(self, *command: str) -> str:
        """What a short command on this host prints. RuntimeError with its words when it fails."""
        done = subprocess.run(self.command(*command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout


@dataclass(slots=True)
class Network:
    """The servers' host at SERVERS, and as many others as there are names."""

    home: Path
    servers: Host = field(init=False)
    hosts: dict[str, Host] = field(init=False, default_factory=dict)

    def start(self, names: Sequence[str]) -> None:
        """Makes the hosts and cables them to the switch."""
        self.servers = self._host("servers", 1)
        self.servers.run("ip", "link", "add", "wire", "type", "bridge")
        self._configure(self.servers, "wire")
        for number, name in enumerate(names, 11):
            host = self.hosts[name] = self._host(name, number)
            cable = ("type", "veth", "peer", "name", "eth0", "netns", str(host.holder.pid))
            self.servers.run("ip", "link", "add", "name", name, *cable)
            self.servers.run("ip", "link", "set", name, "master", "wire", "up")
            self._configure(host, "eth0")
            _introduce(host, self.servers, "eth0")
            _introduce(self.servers, host, "wire")

    def stop(self) -> None:
        for host in (*self.hosts.values(), self.servers):
            host.holder.stop()

    def cut(self, name: str) -> None:
        """From now on no packet reaches the host or leaves it."""
        self.servers.run("ip", "link", "set", name, "nomaster")

    def mend(self, name: str) -> None:
        """Puts the cable back."""
        self.servers.run("ip", "link", "set", name, "master", "wire")

    def launch(self, name: str, command: Sequence[str], *, env: Mapping[str, str]) -> Child:
        """Starts a process on a host; its log is named after the host."""
        host = self.hosts[name]
        return start(f"worker on {name}", host.command(*command), log=self.home / f"{name}.log", env=env)

    @contextmanager
    def at_the_servers(self) -> Iterator[None]:
        """Moves the calling thread, and whatever it starts meanwhile, to the servers' host."""
        own, theirs = Path("/proc/thread-self/ns/net"), Path(f"/proc/{self.servers.holder.pid}/ns/net")
        with own.open("rb") as back, theirs.open("rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(back.fileno())

    def _host(self, name: str, number: int) -> Host:
        holder = start(
            name, ["unshare", "--net", "--uts", "--", "sleep", "infinity"], log=self.home / f"{name}-holder.log"
        )
        wait_for(lambda: _namespace(holder.pid) != _namespace(os.getpid()), holder)
        host = Host(name, number, holder)
        host.run("hostname", name)
        host.run("ip", "link", "set", "lo", "up")
        return host

    def _configure(self, host: Host, device: str) -> None:
        host.run("ip", "link", "set", device, "address", host.ethernet, "up")
        host.run("ip", "address", "add", f"{host.address}/24", "dev", device)


def _introduce(host: Host, other: Host, device: str) -> None:
    """Makes an address known for good, as behind a router: a cut is felt as silence, not as a neighbour gone."""
    host.run("ip", "neighbour", "replace", other.address, "lladdr", other.ethernet, "dev", device, "nud", "permanent")


def _namespace(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/uts").readlink())  # made after the network's, by the same call


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # os.setns came with Python 3.12
    if libc.setns(namespace, 0):
        raise OSError(ctypes.get_errno(), "setns")
