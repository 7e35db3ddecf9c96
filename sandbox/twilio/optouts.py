"""Twilio's own opt-out handling: which words count, who is blocked, and the answer the app never sees."""

from dataclasses import dataclass, field

from sandbox.twilio.senders import Sender

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START = frozenset({"start", "yes", "unstop"})
HELP = frozenset({"help", "info"})

ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass(slots=True)
class OptOuts:
    """Blocked pairs of a sender (or its service) and a phone."""

    _blocked: set[tuple[str, str]] = field(default_factory=set)

    def is_blocked(self, source: str, phone: str) -> bool:
        return (source, phone) in self._blocked

    def block(self, source: str, phone: str) -> None:
        self._blocked.add((source, phone))

    def unblock(self, source: str, phone: str) -> None:
        self._blocked.discard((source, phone))

    def hear(self, sender: Sender, source: str, phone: str, body: str) -> str | None:
        """STOP, START or HELP when Twilio itself handles this message; the block is set or lifted.

        source: the service when the sender is in one, else the sender: the unit that is blocked.
        """
        word = None if sender.opt_out == "none" else _word(sender, body)
        if word == "STOP":
            self.block(source, phone)
        if word == "START":
            if not self.is_blocked(source, phone):
                return None  # a plain "yes" of somebody who never left
            self.unblock(source, phone)
        return word

    def pairs(self) -> list[tuple[str, str]]:
        return sorted(self._blocked)

    def clear(self) -> None:
        self._blocked.clear()


def _word(sender: Sender, body: str) -> str | None:
    """Only the bare word counts, in any case."""
    said = body.strip().casefold()
    own = {word.casefold() for word in sender.stop_words} if sender.opt_out == "advanced" else set()
    words = {"STOP": STOP | own, "START": START, "HELP": HELP}
    return next((word for word, forms in words.items() if said in forms), None)
