"""The text to a household about its referral: to whom it may go, and its row in the ledger."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# Their own mobile, if nobody else has the number: a neighbour must not learn who helps whom. Who is away, has refused
# texts or would rather be rung gets none. Waived consent means that nobody agreed to anything.
_ADDRESSEE = text(
    """
SELECT f.household_id, p.e164, n.name AS partner, f.due_at
FROM referral f JOIN household h ON h.id = f.household_id JOIN partner n ON n.id = f.partner_id
JOIN phone p ON p.household_id = h.id AND p.kind = 'mobile' AND p.label IN ('self', 'spouse')
            AND p.removed_at IS NULL AND p.bad_since IS NULL
WHERE f.id = :id AND f.consent = 'verbal' AND h.gone_at IS NULL AND h.refused_at IS NULL
  AND h.preferred_channel IS DISTINCT FROM 'call'
  AND NOT EXISTS (SELECT 1 FROM hold o WHERE o.household_id = h.id AND o.ended_at IS NULL AND o.until_at > :now)
  AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = p.e164 AND o.undone_at IS NULL AND o.channel IN ('sms', 'all')
                  AND o.purpose IN ('all', 'care'))
  AND NOT EXISTS (SELECT 1 FROM phone q JOIN household other ON other.id = q.household_id AND other.gone_at IS NULL
                  WHERE q.e164 = p.e164 AND q.household_id <> h.id AND q.removed_at IS NULL)
ORDER BY (p.source = 'caller') DESC, p.rank, p.id LIMIT 1
"""
)

# uq_message_referral: one for each referral, whoever hands it over how often.
_QUEUE = text(
    """
INSERT INTO message (household_id, referral_id, e164, channel, step, lane, sender, template, language, variables, state,
                     due_at, window_closes_at, void_at, created_at)
VALUES (:household_id, :referral_id, :e164, 'sms', 'ack', 'answers', :sender, :template, :language,
        CAST(:variables AS jsonb), 'queued', :due_at, :void_at, :void_at, :now)
ON CONFLICT DO NOTHING
"""
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is told, of whom, and by when the partner is to be in touch."""

    household_id: int
    e164: str
    partner: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """The row of the ledger."""

    referral_id: int
    household_id: int
    e164: str
    sender: str
    template: str
    language: str
    variables: str
    due_at: datetime
    void_at: datetime


def addressee(connection: Connection, referral_id: int, *, now: datetime) -> Addressee | None:
    """To whom the text of a referral may go; None for nobody."""
    row = connection.execute(_ADDRESSEE, {"id": referral_id, "now": now}).one_or_none()
    return None if row is None else Addressee(**row._asdict())


def queue(connection: Connection, owed: Owed, *, now: datetime) -> bool:
    """Owes the text; False when it was owed before."""
    return connection.execute(_QUEUE, asdict(owed) | {"now": now}).rowcount == 1
