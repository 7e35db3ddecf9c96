"""How worried a caller is after a call, whatever the person said: some say that all is well when it is not."""

from enum import IntEnum


class Concern(IntEnum):
    """In the order of worry."""

    NONE = 0
    WATCH = 1
    ACT_TODAY = 2
    EMERGENCY = 3
