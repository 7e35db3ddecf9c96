"""The product's processes and its servers, kept running as a machine would keep them, and struck as the plan says."""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import redis

from sandbox import processes
from sandbox.chaos.blows import WORKERS
from sandbox.processes import START_TIMEOUT_S
from sandbox.stack import FOREIGN, Stack

# One process of a few threads each: there are two workers, and a kill takes one of them or both.
COMMANDS = {
    "web": ("web",),
    "scheduler": ("scheduler",),
    **dict.fromkeys(WORKERS, ("worker", "--processes", "1", "--threads", "8")),
}


@dataclass(slots=True)
class Crew:
    """Restarts whatever is not running, unless it is held down. fallen: what ended of itself, with its last words."""

    stack: Stack
    held: set[str] = field(default_factory=set)
    struck: set[str] = field(default_factory=set)
    fallen: list[str] = field(default_factory=list)
    starts: int = 0

    def tend(self) -> None:
        """Starts what should run and does not."""
        for name in COMMANDS:
            child = self.stack.children.get(name)
            if name in self.held or (child is not None and child.is_running()):
                continue
            if child is not None and name not in self.struck:
                self.fallen.append(f"{name}: {child.tail(3)}")
            self._start(name)

    def wait_until_up(self) -> None:
        """Starts everybody and waits until they are at work. Raises RuntimeError with the last words of who is not."""
        self.tend()
        deadline = time.monotonic() + START_TIMEOUT_S * len(COMMANDS)  # they start all at once
        while not self._is_up():
            if time.monotonic() > deadline:
                raise RuntimeError("\n".join(child.tail() for child in self.stack.children.values()))
            time.sleep(0.1)  # between two looks

    def kill(self, name: str) -> None:
        """kill -9; it stays down until let go."""
        self.held.add(name)
        self.struck.add(name)
        if name in self.stack.children:
            self.stack.kill(name)

    def dismiss(self) -> None:
        """The end: nobody is asked to finish anything."""
        for name in COMMANDS:
            self.kill(name)

    def let_go(self, *names: str) -> bool:
        """They may be started again."""
        self.held.difference_update(names)
        return True

    def freeze(self, name: str) -> None:
        """It stops in the middle of what it does."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> bool:
        """It goes on as if nothing had been."""
        self._signal(name, signal.SIGCONT)
        return True

    def flush_queue(self) -> None:
        with suppress(redis.RedisError), redis.Redis.from_url(self.stack.redis.url) as client:
            client.flushall()

    def stop_queue(self) -> None:
        if self.stack.redis.child:
            self.stack.redis.child.kill()

    def start_queue(self) -> bool:
        """Empty, on the port it had."""
        child = self.stack.redis.child
        if child is None or not child.is_running():
            self.stack.redis.start()
        return True

    def stop_database(self, *, crash: bool) -> None:
        """crash: kill -9; what it had not written is gone, and it recovers from its log."""
        if self.stack.postgres.child:
            (self.stack.postgres.child.kill if crash else self.stack.postgres.stop)()

    def start_database(self) -> bool:
        """After a crash the old backends take a moment to go, and a new server refuses to start: False."""
        child = self.stack.postgres.child
        if child is None or not child.is_running():
            try:
                self.stack.postgres.start()
            except RuntimeError:
                return False
        return True

    def _is_up(self) -> bool:
        """The web server's port is open, the scheduler has said so, and each worker's heart beats in the queue."""
        with suppress(redis.RedisError, OSError), redis.Redis.from_url(self.stack.redis.url) as client:
            socket.create_connection(("127.0.0.1", self.stack.port), timeout=1).close()
            beating = int(client.zcard("dramatiq:__heartbeats__"))
            return beating >= len(WORKERS) and self.stack.children["scheduler"].log.stat().st_size > 0
        return False

    def _start(self, name: str) -> None:
        mine = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)} | self.stack.environment()
        port = ("--port", str(self.stack.port)) if name == "web" else ()
        command = [sys.executable, "-m", "worker", *COMMANDS[name], *port]
        self.stack.children[name] = processes.start(name, command, log=self.stack.home / f"{name}.log", env=mine)
        self.struck.discard(name)
        self.starts += 1

    def _signal(self, name: str, number: signal.Signals) -> None:
        child = self.stack.children.get(name)
        if child is not None and child.is_running():
            with suppress(ProcessLookupError):
                os.killpg(child.pid, number)
