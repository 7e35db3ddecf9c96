"""Calls that people make to our line: kept before anything is said, and what concerns whoever rings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain import outcomes, unreached
from worker.domain.line import Ringing

_STORE = text(
    """
INSERT INTO incoming_call (provider_sid, e164, to_address, began_at, unheard) VALUES (:sid, :e164, :to, :at, :unheard)
ON CONFLICT (provider_sid) DO NOTHING RETURNING id
"""
)

_NOT_STORED = text(
    """
SELECT sid FROM unnest(CAST(:sids AS text[])) AS sid
WHERE NOT EXISTS (SELECT 1 FROM incoming_call c WHERE c.provider_sid = sid)
"""
)

# A text or a key, read or not; a later call that the line answered; a person who spoke with them.
_HEARD_SINCE = text(
    """
SELECT h.id FROM unnest(CAST(:households AS bigint[]), CAST(:ats AS timestamptz[])) AS h(id, at)
WHERE EXISTS (SELECT 1 FROM reply y JOIN inbound_message i ON i.id = y.inbound_id
              WHERE y.household_id = h.id AND i.received_at >= h.at)
   OR EXISTS (SELECT 1 FROM phone p JOIN inbound_message i ON i.e164 = p.e164 AND i.read_at IS NULL
              WHERE p.household_id = h.id AND p.removed_at IS NULL AND i.received_at >= h.at)
   OR EXISTS (SELECT 1 FROM incoming_call_household ch JOIN incoming_call c ON c.id = ch.call_id
              WHERE ch.household_id = h.id AND NOT c.unheard AND c.began_at >= h.at)
   OR EXISTS (SELECT 1 FROM call_outcome o WHERE o.household_id = h.id AND o.undone_at IS NULL
              AND o.code = ANY (:spoken) AND o.ended_at >= h.at)
"""
)

_LINK = text(
    """
INSERT INTO incoming_call_household (call_id, household_id) SELECT :call, unnest(CAST(:households AS bigint[]))
ON CONFLICT DO NOTHING
"""
)

# An open check-in before the newest advice, and one that reached nobody like an open one; only what these households
# were really told, and not what is taken back or over: an answer to that still counts, but nobody hears it again.
_CONCERNS = text(
    """
SELECT r.event_id, e.kind, e.level, e.definition, r.state IN ('waiting', 'callback') AS is_open
FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.household_id = ANY (:households) AND r.contacted_at <= :now AND e.opened_at <= :now AND e.replies_until > :now
  AND e.state <> 'cancelled' AND e.all_clear_at IS NULL
  AND (e.kind = 'advice' OR r.state IN ('waiting', 'callback') OR (r.state = 'unreached' AND r.reason = ANY (:missed)))
ORDER BY (e.kind = 'check_in') DESC, is_open DESC, e.opened_at DESC, r.id DESC LIMIT 1
"""
)

_AGENCIES = text(
    """
SELECT DISTINCT g.code FROM household h JOIN dwelling d ON d.id = h.dwelling_id JOIN agency g ON g.id = d.agency_id
WHERE h.id = ANY (:households) ORDER BY 1
"""
)

_PEOPLE = text("SELECT count(*) FROM tenant WHERE household_id = ANY (:households) AND status = 'active'")

_TRANSFER = text(
    """
UPDATE incoming_call SET transfer = :transfer, talked_s = :talked_s WHERE provider_sid = :sid AND transfer IS NULL
"""
)

# Whose number belongs to nobody, then or since: the newest call of each, and how often it rang.
_STRANGERS = text(
    """
SELECT c.e164, max(c.began_at) AS at, count(*) AS calls FROM incoming_call c
WHERE c.began_at > :since AND c.e164 IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM incoming_call_household ch WHERE ch.call_id = c.id)
  AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.e164 = c.e164 AND p.removed_at IS NULL)
GROUP BY 1 ORDER BY 2 DESC LIMIT :limit
"""
)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A number that we do not know, from which our line was rung. at: the last time; calls: so often."""

    e164: str
    at: datetime
    calls: int


@dataclass(frozen=True, slots=True)
class Concern:
    """The event that a household was last told of: its kind and level, and its campaign as frozen with it. is_open: it
    is not over for them."""

    event_id: int
    kind: str
    level: str
    definition: dict[str, object]
    is_open: bool


def store(connection: Connection, call: Ringing, *, unheard: bool = False) -> int | None:
    """Keeps a call; None when it was kept before. unheard: nobody answered it, the provider's list tells of it."""
    values = {
        "sid": call.provider_sid,
        "e164": call.e164,
        "to": call.to_address,
        "at": call.began_at,
        "unheard": unheard,
    }
    return connection.execute(_STORE, values).scalar()


def not_stored(connection: Connection, sids: Sequence[str]) -> set[str]:
    """Those of the provider's ids that were not kept yet."""
    return set(connection.execute(_NOT_STORED, {"sids": list(sids)}).scalars())


def heard_since(connection: Connection, rang: Mapping[int, datetime]) -> set[int]:
    """The households of which something was heard since the moment given for each: their answer, a call of theirs that
    the line took, a person who spoke with them."""
    values = {
        "households": list(rang),
        "ats": list(rang.values()),
        "spoken": [str(code) for code in outcomes.HAD_A_PERSON],
    }
    return set(connection.execute(_HEARD_SINCE, values).scalars())


def link(connection: Connection, call_id: int, households: Sequence[int]) -> None:
    """It was the number of these households."""
    connection.execute(_LINK, {"call": call_id, "households": list(households)})


def strangers(connection: Connection, *, since: datetime, limit: int) -> list[Stranger]:
    """Numbers of nobody's that rang since then, the newest first."""
    found = connection.execute(_STRANGERS, {"since": since, "limit": limit})
    return [Stranger(**row._asdict()) for row in found]


def concern(connection: Connection, households: Sequence[int], *, now: datetime) -> Concern | None:
    """What these households were last told that still holds; None when there is nothing."""
    missed = [str(reason) for reason in unreached.MAY_YET_ANSWER]
    values = {"households": list(households), "now": now, "missed": missed}
    row = connection.execute(_CONCERNS, values).one_or_none()
    return None if row is None else Concern(**row._asdict())


def agencies(connection: Connection, households: Sequence[int]) -> list[str]:
    """The codes of the agencies that look after these households."""
    return list(connection.execute(_AGENCIES, {"households": list(households)}).scalars())


def people(connection: Connection, households: Sequence[int]) -> int:
    """How many tenants live in these households."""
    return int(connection.execute(_PEOPLE, {"households": list(households)}).scalar_one())


def note_transfer(connection: Connection, provider_sid: str, *, transfer: str, talked_s: int | None) -> bool:
    """What became of handing a call over; says whether that is news."""
    values = {"sid": provider_sid, "transfer": transfer, "talked_s": talked_s}
    return connection.execute(_TRANSFER, values).rowcount == 1
