"""CPU seconds and memory of processes with all their children."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Reading:
    """cpu_s: user and system so far, children included. rss_mb: now."""

    cpu_s: float
    rss_mb: float


def read(pids: Mapping[str, int]) -> dict[str, Reading]:
    """One reading per named process."""
    return {name: _read(pid) for name, pid in pids.items()}


def spent(before: Mapping[str, Reading], after: Mapping[str, Reading]) -> dict[str, float]:
    """CPU seconds between two readings, by name."""
    return {name: after[name].cpu_s - before[name].cpu_s for name in after}


def _read(pid: int) -> Reading:
    cpu, memory = 0.0, 0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
            cpu += sum((times.user, times.system, times.children_user, times.children_system))
            memory += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return Reading(cpu, memory / 1e6)
