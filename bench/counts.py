"""What the light stand-in saw."""

import json
import time
from collections import deque


class Counts:
    """What happened since the last reset."""

    def __init__(self) -> None:
        self.accepted = self.refused = self.peak = self.in_flight = 0
        self.first_at = self.last_at = 0.0
        self.moments: list[float] = []
        self.numbers: set[str] = set()
        self.doubled: list[str] = []
        self.receipts = self.receipts_again = 0
        self.waits: list[float] = []
        self.cpu_from = time.process_time()

    def as_json(self) -> bytes:
        waits = sorted(self.waits)

        def at(share: float) -> float:
            return round(1000 * waits[min(len(waits) - 1, int(share * len(waits)))], 2) if waits else 0.0

        told = {
            "accepted": self.accepted,
            "refused": self.refused,
            "peak_in_flight": self.peak,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "doubled": self.doubled[:20],
            "receipts": self.receipts,
            "receipts_again": self.receipts_again,
            "receipt_ms": {"p50": at(0.5), "p99": at(0.99)},
            "most_in_a_second": _most_in_a_second(self.moments),
            "cpu_s": time.process_time() - self.cpu_from,
        }
        return json.dumps(told).encode()


def _most_in_a_second(moments: list[float]) -> int:
    window: deque[float] = deque()
    most = 0
    for moment in sorted(moments):
        window.append(moment)
        while window[0] <= moment - 1.0:
            window.popleft()
        most = max(most, len(window))
    return most
