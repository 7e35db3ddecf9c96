"""What we learn about numbers and households while a campaign runs: refusals, dead numbers, absences."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.channels import CONTACTS, Channel, PhoneLabel
from worker.domain.whom import Tenant

# Households are locked in the order of their ids: whoever changes what a household is owed holds this lock.
_LOCK = text("SELECT id FROM household WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE")

_BY_NUMBER = text(
    """
SELECT p.household_id FROM phone p JOIN household h ON h.id = p.household_id AND h.gone_at IS NULL
WHERE p.e164 = :e164 AND p.removed_at IS NULL AND p.bad_reason IS DISTINCT FROM 'wrong_number'
UNION
SELECT r.household_id FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.e164 = :e164 AND e.replies_until > :now AND e.opened_at <= :now
  AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = r.e164
                  AND p.bad_reason = 'wrong_number')
UNION
SELECT r.household_id FROM recipient r
WHERE r.event_id IN (SELECT id FROM campaign_event WHERE replies_until > :now AND opened_at <= :now)
  AND r.call_e164 = :e164
  AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = r.call_e164
                  AND p.bad_reason = 'wrong_number')
UNION
SELECT m.household_id FROM message m JOIN campaign_event e ON e.id = m.event_id
WHERE m.event_id IN (SELECT id FROM campaign_event WHERE replies_until > :now AND opened_at <= :now)
  AND m.e164 = :e164 AND m.step = 'second_number'
  AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = m.household_id AND p.e164 = m.e164
                  AND p.bad_reason = 'wrong_number')
ORDER BY 1
"""
)

# Not where this very number was written to or rung: then it was asked, and may answer. An answer to it asked nothing.
_ONLY_CONTACTS = text(
    """
SELECT NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = ANY (:households) AND p.e164 = :e164 AND p.label = ANY (:own))
   AND NOT EXISTS (SELECT 1 FROM message m JOIN campaign_event e ON e.id = m.event_id
                   WHERE m.household_id = ANY (:households) AND m.e164 = :e164 AND m.step <> 'ack' AND e.replies_until > :now)
   AND EXISTS (SELECT 1 FROM phone p WHERE p.household_id = ANY (:households) AND p.e164 = :e164)
"""
)

_RETIRED_NUMBER = text(
    """
SELECT DISTINCT p.household_id FROM phone p JOIN household h ON h.id = p.household_id AND h.gone_at IS NULL
WHERE p.e164 = :e164 AND p.removed_at IS NULL AND p.bad_reason = 'wrong_number' ORDER BY 1
"""
)

_OPT_OUT = text(
    """
INSERT INTO opt_out (e164, channel, purpose, source, since_at)
SELECT number, :channel, 'all', :source, :now FROM unnest(CAST(:numbers AS text[])) AS number
ON CONFLICT (e164, channel, purpose) WHERE undone_at IS NULL DO NOTHING
"""
)

_OPT_IN = text(
    "UPDATE opt_out SET undone_at = :now WHERE e164 = :e164 AND channel IN ('sms', 'all') AND undone_at IS NULL"
)

_BAD = text(
    """
UPDATE phone p SET bad_since = :now, bad_reason = f.reason
FROM unnest(CAST(:numbers AS text[]), CAST(:reasons AS text[])) AS f(e164, reason)
WHERE p.e164 = f.e164 AND p.bad_since IS NULL
"""
)

# The same number may be right for a neighbour: only this household is told to be wrong there.
_NOT_THEIRS = text(
    """
UPDATE phone SET bad_since = :now, bad_reason = 'wrong_number'
WHERE household_id = :household AND e164 = :e164 AND bad_since IS NULL
"""
)

_NOT_MOBILE = text("UPDATE phone SET kind = 'fixed' WHERE e164 = ANY (:numbers) AND kind = 'mobile'")

_HOLD = text(
    """
INSERT INTO hold (household_id, reason, source, from_at, until_at)
SELECT id, :reason, :source, :now, :until FROM unnest(CAST(:households AS bigint[])) AS id
WHERE NOT EXISTS (SELECT 1 FROM hold o WHERE o.household_id = id AND o.ended_at IS NULL AND o.until_at >= :until)
"""
)

_END_HOLDS = text("UPDATE hold SET ended_at = :now WHERE household_id = ANY (:households) AND ended_at IS NULL")

# status_source: a listing that lags behind must not bring them back.
_NUMBERS = text(
    "SELECT e164 FROM phone WHERE household_id = :household AND removed_at IS NULL AND bad_since IS NULL ORDER BY rank, id"
)
# Somebody else's than the household's own: whom it would have us ask.
_CONTACTS = text(
    """
SELECT e164 FROM phone WHERE household_id = :household AND removed_at IS NULL AND bad_since IS NULL
  AND label <> ALL (:own) ORDER BY rank, id
"""
)
_EVERY_NUMBER = text("SELECT e164 FROM phone WHERE household_id = :household AND removed_at IS NULL")
# As the callers' list shows them, since callers count them there.
_TENANTS = text(
    """
SELECT id, civility, last_name, first_name FROM tenant WHERE household_id = :household AND status = 'active'
ORDER BY birth_date NULLS LAST, id
"""
)
_LEFT = text(
    """
UPDATE tenant SET status = :status, status_source = 'caller' WHERE household_id = :household AND status = 'active'
"""
)
_ONE_LEFT = text(
    "UPDATE tenant SET status = :status, status_source = 'caller' WHERE id = :tenant AND status = 'active'"
)
_GONE = text("UPDATE household SET gone_at = :now WHERE id = :household AND gone_at IS NULL")


def lock(connection: Connection, households: Sequence[int]) -> None:
    """Locks households until the end of the transaction."""
    connection.execute(_LOCK, {"ids": list(households)})


def households_of_number(connection: Connection, e164: str, *, now: datetime) -> list[int]:
    """The present households that have this number, or were written to at it in a running event.

    Not those whose number it turned out not to be: whoever answers there does not speak for them.
    """
    return list(connection.execute(_BY_NUMBER, {"e164": e164, "now": now}).scalars())


def is_only_a_contact_s(connection: Connection, e164: str, households: Sequence[int], *, now: datetime) -> bool:
    """Whether a number is a relative's, a neighbour's or another's of these households, at which nobody was asked."""
    own = [str(label) for label in PhoneLabel if label not in CONTACTS]
    values = {"e164": e164, "households": list(households), "own": own, "now": now}
    return bool(connection.execute(_ONLY_CONTACTS, values).scalar_one())


def households_without_number(connection: Connection, e164: str) -> list[int]:
    """The present households that had this number until somebody said it was not theirs."""
    return list(connection.execute(_RETIRED_NUMBER, {"e164": e164}).scalars())


def opt_out(connection: Connection, numbers: Sequence[str], *, channel: Channel, source: str, now: datetime) -> None:
    """A standing refusal; repeating it changes nothing."""
    connection.execute(_OPT_OUT, {"numbers": list(numbers), "channel": channel, "source": source, "now": now})


def opt_in(connection: Connection, e164: str, *, now: datetime) -> None:
    """Takes the refusal of texts back; the row stays as history."""
    connection.execute(_OPT_IN, {"e164": e164, "now": now})


def mark_bad(connection: Connection, faults: Sequence[tuple[str, str]], *, now: datetime) -> None:
    """Numbers not to be used again until a person corrects them: (E.164, reason)."""
    values = {"numbers": [f[0] for f in faults], "reasons": [f[1] for f in faults], "now": now}
    connection.execute(_BAD, values)


def mark_not_mobile(connection: Connection, numbers: Sequence[str]) -> None:
    """The provider says they take no texts: they are landlines to us."""
    connection.execute(_NOT_MOBILE, {"numbers": list(numbers)})


def hold(
    connection: Connection, households: Sequence[int], *, reason: str, source: str, until: datetime, now: datetime
) -> None:
    """No campaign text until a day."""
    values = {"households": list(households), "reason": reason, "source": source, "until": until, "now": now}
    connection.execute(_HOLD, values)


def end_holds(connection: Connection, households: Sequence[int], *, now: datetime) -> None:
    """They are back."""
    connection.execute(_END_HOLDS, {"households": list(households), "now": now})


def numbers_of(connection: Connection, household: int) -> list[str]:
    """The numbers a caller may dial, best first."""
    return list(connection.execute(_NUMBERS, {"household": household}).scalars())


def contacts_of(connection: Connection, household: int) -> list[str]:
    """The usable numbers of relatives, neighbours and others that the household has, best first."""
    own = [str(label) for label in PhoneLabel if label not in CONTACTS]
    return list(connection.execute(_CONTACTS, {"household": household, "own": own}).scalars())


def every_number_of(connection: Connection, household: int) -> list[str]:
    """All its numbers, those known to be bad too."""
    return list(connection.execute(_EVERY_NUMBER, {"household": household}).scalars())


def mark_not_theirs(connection: Connection, household: int, e164: str, *, now: datetime) -> None:
    """Somebody else answers at this number: it is not to be used for this household again."""
    connection.execute(_NOT_THEIRS, {"household": household, "e164": e164, "now": now})


def tenants_of(connection: Connection, household: int) -> list[Tenant]:
    """Who lives there now, in the order of the callers' list."""
    return [Tenant(**row._asdict()) for row in connection.execute(_TENANTS, {"household": household})]


def leave(connection: Connection, household: int, *, status: str, now: datetime) -> None:
    """All who lived there moved or died: the household is not there any more. status: 'left' or 'deceased'."""
    connection.execute(_LEFT, {"household": household, "status": status})
    connection.execute(_GONE, {"household": household, "now": now})


def one_leaves(connection: Connection, tenant: int, *, status: str) -> None:
    """One tenant moved or died; the household stays. status: 'left' or 'deceased'."""
    connection.execute(_ONE_LEFT, {"tenant": tenant, "status": status})
