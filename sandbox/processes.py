"""Child processes that never outlive their parent, also when it is killed."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
        """kill -9, and reaps it."""
        self.process.kill()
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
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Starts a child in a process group of its own, so that Ctrl-C reaches only us and we stop it in order.

    user: numeric uid and gid to run as (a server that refuses root).
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=log.parent if user is not None else None,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            process_group=0,
            preexec_fn=_die_with_parent(stop_signal),  # noqa: PLW1509  # no threads touch it: one C call
        )
    return Child(name, process, log, stop_signal)


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(stop_signal))
