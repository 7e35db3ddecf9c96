"""The queue in front of one sender: first come, first served, so many segments a second."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Queue:
    """Keeps only the time at which it will be empty, so each message costs nothing to place.

    A change of rate holds for messages to come; those already placed keep their time.
    """

    rate: float
    longest_s: float
    _empty_at: float = field(default=0.0)

    def is_full(self, now: float) -> bool:
        """Whether the next message would wait longer than the queue holds (21611, or 30001 for a service)."""
        return self._empty_at - now >= self.longest_s

    def place(self, segments: int, now: float, validity_s: float) -> float | None:
        """When a message leaves the queue; None when its validity period ends before, and it takes no place then."""
        leaves_at = max(now, self._empty_at)
        if leaves_at - now > validity_s:
            return None
        self._empty_at = leaves_at + segments / self.rate
        return leaves_at

    def backlog_s(self, now: float) -> float:
        """Seconds until it is empty."""
        return max(0.0, self._empty_at - now)
