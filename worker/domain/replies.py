"""Reading a reply: what an SMS from a tenant means, by rules that never take a doubt for "fine"."""

from enum import StrEnum


class Intent(StrEnum):
    STOP = "stop"
    START = "start"
    EMERGENCY = "emergency"
    WRONG_NUMBER = "wrong_number"
    ABSENT = "absent"
    RETURN = "return"
    HELP = "help"
    OK = "ok"
    UNCLEAR = "unclear"
