"""Child processes that never outlive their parent, also when it is killed."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 100.0
PR_SET_PDEATHSIG = 1  # Linux: the kernel signals the child when its parent dies


@dataclass(slots=True)
class Child:
    """One running child process with its log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self, timeout_s: float = 10.0) -> None:
        """Asks it to end, then insists."""
        if self.is_running():
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9 for it and the children it kept in its own group, and reaps it."""
        if self.is_running():  # not yet reaped, so the group number is still its own
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def tail(self, lines: int = 20) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    cwd: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Starts a child in a process group of its own, so that Ctrl-C reaches only us and we stop it in order.

    user: numeric uid and gid to run as (a server that refuses root). Call it from a thread that lives as long
    as the child should: the kernel watches the starting thread, not the whole process.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=log.parent if cwd is None and user is not None else cwd,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            process_group=0,
            preexec_fn=_die_with_parent(stop_signal),  # noqa: PLW1509  # no threads touch it: two C calls
        )
    return Child(name, process, log, stop_signal)


def wait_for(answers: Callable[[], bool], child: Child, timeout_s: float = START_TIMEOUT_S) -> None:
    """Waits until the child does its work. One that never does is stopped, and RuntimeError tells its last words."""
    deadline = time.monotonic() + timeout_s
    try:
        while child.is_running() and time.monotonic() < deadline:
            if answers():
                return
            time.sleep(0.02)
    except BaseException:
        child.stop()
        raise
    child.stop()
    raise RuntimeError(f"{child.name} did not start:\n{child.tail()}")


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, getppid, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getppid, os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if getppid() != parent:  # it died before the tie held
            os._exit(1)

    return tie
