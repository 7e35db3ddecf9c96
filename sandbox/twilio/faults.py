"""The script of what goes wrong: which fault, for whom, how often."""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from sandbox.chance import draw


class FaultKind(StrEnum):
    """What can go wrong, by where it does. The order is the order of a message's life; calls
    have the same one."""

    # Before the request is accepted: nothing was sent.
    REFUSE = "refuse"  # an error of Twilio's: code, and status if the code is not in the table
    RATE_LIMIT = "rate_limit"  # 429/20429, with retry_after_s
    ERROR_BEFORE = "error_before"  # 5xx
    DROP_BEFORE = "drop_before"  # the connection closes without an answer
    REDIRECT = "redirect"  # status 301, 302, 307 or 308 to the same path
    # While it is accepted: the request lies for seconds of real time before it is taken, caller or no caller.
    ACCEPTED_LATE = "accepted_late"
    # After it is accepted: it will be sent, and the caller cannot know.
    ERROR_AFTER = "error_after"
    DROP_AFTER = "drop_after"
    NOT_JSON = "not_json"  # 201 with a page of HTML
    SLOW = "slow"  # the answer comes after seconds of real time
    # What becomes of it.
    # final: delivered, undelivered, failed or sent (for ever), with code; of a call busy, no-answer or failed, with the
    # network's code (SIP)
    FATE = "fate"
    # Its receipts.
    RECEIPTS_LOST = "receipts_lost"  # of these statuses, or all
    RECEIPTS_LATE = "receipts_late"  # seconds on the stand-in's clock
    RECEIPTS_SHUFFLED = "receipts_shuffled"  # the final one first
    RECEIPTS_DUPLICATED = "receipts_duplicated"
    RECEIPTS_EARLY = "receipts_early"  # `sent` is posted before the create request is answered
    RECEIPTS_FORGED = "receipts_forged"  # signed with a wrong token
    # Messages from phones.
    INBOUND_LOST = "inbound_lost"  # in the list, but no webhook
    INBOUND_DUPLICATED = "inbound_duplicated"
    INBOUND_FORGED = "inbound_forged"


BEFORE = frozenset(
    {
        FaultKind.REFUSE,
        FaultKind.RATE_LIMIT,
        FaultKind.ERROR_BEFORE,
        FaultKind.DROP_BEFORE,
        FaultKind.REDIRECT,
    }
)
DURING = frozenset({FaultKind.ACCEPTED_LATE})
AFTER = frozenset({FaultKind.ERROR_AFTER, FaultKind.DROP_AFTER, FaultKind.NOT_JSON, FaultKind.SLOW})
RECEIPTS = frozenset(kind for kind in FaultKind if kind.startswith("receipts_"))
INBOUND = frozenset(kind for kind in FaultKind if kind.startswith("inbound_"))

TEXT_ENDS = frozenset({"sent", "delivered", "undelivered", "failed"})
CALL_ENDS = frozenset({"busy", "no-answer", "failed"})


class Fault(BaseModel):
    """One line of the script. `to` is the phone (for inbound faults too); without it, every phone is meant."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: str = Field(default="create", pattern="^(create|read)$", description="read: fetching and listing")
    resource: str | None = Field(default=None, pattern="^(messages|calls)$", description="None: both")
    to: frozenset[str] | None = None
    sender: str | None = None
    probability: float = Field(default=1.0, ge=0, le=1)
    skip: int = Field(default=0, ge=0, description="let this many pass first")
    times: int | None = Field(default=None, ge=1, description="only the next so many")
    status: int | None = Field(default=None, ge=300, le=599, description="HTTP status, where the usual one will not do")
    code: int | None = None
    retry_after_s: int | None = None
    seconds: float = Field(default=0.0, ge=0)
    final: str = Field(default="undelivered", pattern=f"^({'|'.join(sorted(TEXT_ENDS | CALL_ENDS))})$")
    statuses: frozenset[str] | None = None
    hits: int = 0
    _seen: int = PrivateAttr(default=0)
    _drawn: Counter[str] = PrivateAttr(default_factory=Counter)

    def concerns(self, resource: str) -> bool:
        """Whether it is meant for this resource: messages or calls."""
        if self.kind is FaultKind.FATE:
            return self.final in (TEXT_ENDS if resource == "messages" else CALL_ENDS)
        return self.resource in {None, resource}

    def strikes(self, seed: str, to: str, sender: str | None) -> bool:
        """Whether it happens this time; counts. Chance depends on the phone and on how often it was asked for it, not
        on the order in which phones come."""
        if (self.to is not None and to not in self.to) or (self.sender is not None and sender != self.sender):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.probability < 1 and not self._draws(seed, to):
            return False
        self._seen += 1
        if self._seen <= self.skip:
            return False
        self.hits += 1
        return True

    def _draws(self, seed: str, to: str) -> bool:
        self._drawn[to] += 1
        return draw(seed, self.kind, to, self._drawn[to]) < self.probability


class Faults:
    """The script in force. Without one, asking costs nothing."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._script: list[Fault] = []

    def add(self, faults: Iterable[Fault]) -> None:
        self._script.extend(faults)

    def clear(self) -> None:
        self._script.clear()

    def all(self) -> tuple[Fault, ...]:
        return tuple(self._script)

    def first(
        self,
        kinds: frozenset[FaultKind],
        *,
        to: str,
        sender: str | None,
        on: str = "create",
        resource: str = "messages",
    ) -> Fault | None:
        """The first of these kinds that happens to this message or call."""
        return next(self._striking(kinds, to, sender, on, resource), None) if self._script else None

    def every(
        self, kinds: frozenset[FaultKind], *, to: str, sender: str | None, resource: str = "messages"
    ) -> dict[FaultKind, Fault]:
        """All of these kinds that happen to this message or call."""
        if not self._script:
            return {}
        return {fault.kind: fault for fault in self._striking(kinds, to, sender, "create", resource)}

    def _striking(
        self, kinds: frozenset[FaultKind], to: str, sender: str | None, on: str, resource: str
    ) -> Iterator[Fault]:
        concerned = (f for f in self._script if f.kind in kinds and f.on == on and f.concerns(resource))
        return (f for f in concerned if f.strikes(self.seed, to, sender))
