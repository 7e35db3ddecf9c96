"""What is known of one household and what happened with it, for the person who is about to ring."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.store.schema import people

SEARCHED_MOST = 500
_FOLDED = people.FOLDED.replace("::text", "").format("CAST(:start AS text)")

_HOUSEHOLD = text(
    """
SELECT h.id, h.lives_alone, h.fragile, h.gone_at, d.code AS dwelling, d.address, d.address_extra, d.postcode, d.commune,
       d.insee_code, d.building, d.staircase, d.floor, d.adapted, r.name AS residence, coalesce(r.senior, false) AS senior,
       g.code AS agency, g.name AS agency_name, g.phone AS agency_phone,
       (SELECT jsonb_agg(jsonb_build_object('id', t.id, 'civility', t.civility, 'last_name', t.last_name,
               'first_name', t.first_name, 'birth_date', t.birth_date, 'birth_precision', t.birth_precision,
               'role', t.role, 'language', t.language) ORDER BY (t.role = 'holder') DESC, t.birth_date NULLS LAST, t.id)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active') AS tenants,
       (SELECT jsonb_agg(jsonb_build_object('e164', p.e164, 'kind', p.kind, 'label', p.label, 'bad_reason', p.bad_reason,
               'holder', p.holder_name)
               ORDER BY (p.bad_since IS NOT NULL), p.rank, p.id)
        FROM phone p WHERE p.household_id = h.id AND p.removed_at IS NULL) AS phones,
       (SELECT max(o.until_at) FROM hold o WHERE o.household_id = h.id AND o.ended_at IS NULL AND o.until_at > :now) AS away_until
FROM household h
JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
LEFT JOIN residence r ON r.id = d.residence_id
WHERE h.id = :household
"""
)

# One line per thing that happened, newest first. A text to a number that households share is in the history of each.
_HISTORY = text(
    """
SELECT * FROM (
    SELECT coalesce(m.sent_at, m.created_at) AS at, 'text' AS kind, m.state AS code, coalesce(m.body, '') AS words,
           m.step AS detail, '' AS who, e.definition->>'title' AS title, m.id
    FROM message m LEFT JOIN campaign_event e ON e.id = m.event_id
    WHERE m.household_id = :household
       OR (m.step <> 'ack' AND (m.event_id, m.e164) IN (SELECT r.event_id, r.e164 FROM recipient r WHERE r.household_id = :household))
    UNION ALL
    SELECT i.received_at, 'reply', coalesce(i.intent, ''), i.body, '', '', NULL, i.id
    FROM inbound_message i JOIN reply y ON y.inbound_id = i.id WHERE y.household_id = :household
    UNION ALL
    SELECT c.began_at, 'incoming', coalesce(c.transfer, CASE WHEN c.unheard THEN 'unheard' ELSE '' END), '', coalesce(c.talked_s, 0)::text, '', NULL, c.id
    FROM incoming_call c JOIN incoming_call_household ch ON ch.call_id = c.id WHERE ch.household_id = :household
    UNION ALL
    SELECT b.opened_at, 'bridge', b.came_to, '', coalesce(b.talked_s, 0)::text, b.caller, NULL, b.id
    FROM bridged_call b WHERE b.household_id = :household AND b.came_to IS NOT NULL
    UNION ALL
    SELECT o.ended_at, 'call', o.code, o.note, coalesce(o.concern::text, ''), o.caller, NULL, o.id FROM call_outcome o WHERE o.household_id = :household AND o.undone_at IS NULL
    UNION ALL
    SELECT h.from_at, 'hold', h.reason, '', to_char(h.until_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.source, NULL, h.id
    FROM hold h WHERE h.household_id = :household
    UNION ALL
    SELECT x.since_at, 'opt_out', x.channel, '', x.purpose, x.source, NULL, x.id
    FROM opt_out x WHERE x.undone_at IS NULL AND x.e164 IN (SELECT p.e164 FROM phone p WHERE p.household_id = :household)
    UNION ALL
    SELECT k.created_at, 'task', array_to_string(k.reasons, ','), '', k.state, '', NULL, k.id
    FROM callback_task k WHERE k.household_id = :household
    UNION ALL
    SELECT v.moved_at, 'referral', v.state, v.note, '', v.by, p.name, v.id
    FROM referral_move v JOIN referral f ON f.id = v.referral_id JOIN partner p ON p.id = f.partner_id
    WHERE f.household_id = :household
) happened ORDER BY at DESC, id DESC LIMIT :limit
"""
)

# What a household wrote since its call was owed: read again and again while the card is open.
_REPLIES_SINCE = text(
    """
SELECT i.received_at AS at, coalesce(i.intent, '') AS intent, i.body
FROM callback_task k
JOIN reply y ON y.household_id = k.household_id
JOIN inbound_message i ON i.id = y.inbound_id
WHERE k.id = :task_id AND i.received_at > k.created_at
ORDER BY i.received_at DESC, i.id DESC LIMIT 5
"""
)

# Names and dwelling codes by their beginning, numbers by their digits: what somebody at the counter says. Names by
# ix_tenant_last_first and ix_tenant_first_last, codes by ix_dwelling_code. Words that fit half the town are not put in
# order: of more than :most households any will do, nobody reads them.
_PLACE = """JOIN dwelling w ON w.id = l.dwelling_id JOIN agency a ON a.id = w.agency_id
  AND (CAST(:agencies AS text[]) IS NULL OR a.code = ANY (:agencies))"""
_OF_TENANTS = f"JOIN household l ON l.id = t.household_id {_PLACE}"

_SEARCH = text(
    f"""
SELECT h.id, d.code AS dwelling, d.address, d.commune, g.code AS agency, h.gone_at,
       (SELECT string_agg(trim(t.civility || ' ' || t.last_name || ' ' || t.first_name), ' / ' ORDER BY t.id)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active') AS names
FROM household h JOIN dwelling d ON d.id = h.dwelling_id JOIN agency g ON g.id = d.agency_id
WHERE (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
  AND h.id IN ((SELECT t.household_id FROM tenant t {_OF_TENANTS} WHERE t.last_first LIKE {_FOLDED} LIMIT :most)
               UNION ALL
               (SELECT t.household_id FROM tenant t {_OF_TENANTS} WHERE t.first_last LIKE {_FOLDED} LIMIT :most)
               UNION ALL
               (SELECT l.id FROM household l {_PLACE}
                WHERE lower(w.code) LIKE lower(:start) LIMIT :most)
               UNION ALL
               SELECT household_id FROM phone WHERE CAST(:digits AS text) IS NOT NULL AND e164 LIKE :digits)
ORDER BY (h.gone_at IS NOT NULL), d.code, h.id DESC LIMIT :limit
"""  # noqa: S608  # our own constants
)

_AMONG = text(
    """
SELECT h.id, d.code AS dwelling, d.address, d.commune, g.code AS agency, h.gone_at,
       (SELECT string_agg(trim(t.civility || ' ' || t.last_name || ' ' || t.first_name), ' / ' ORDER BY t.id)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active') AS names
FROM household h JOIN dwelling d ON d.id = h.dwelling_id JOIN agency g ON g.id = d.agency_id
WHERE h.id = ANY (:households) ORDER BY d.code, h.id
"""
)


@dataclass(frozen=True, slots=True)
class Home:
    """A household with the people, numbers and place behind it."""

    id: int
    lives_alone: str
    fragile: bool
    gone_at: datetime | None
    dwelling: str
    address: str
    address_extra: str
    postcode: str
    commune: str
    insee_code: str | None
    building: str | None
    staircase: str | None
    floor: str | None
    adapted: bool
    residence: str | None
    senior: bool
    agency: str
    agency_name: str
    agency_phone: str | None
    tenants: list[dict[str, Any]] | None
    phones: list[dict[str, Any]] | None
    away_until: datetime | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a household's history; code in that kind's own words.

    kind: text, reply, incoming, bridge, call, hold, opt_out, task, referral.
    """

    at: datetime
    kind: str
    code: str
    words: str
    detail: str
    who: str
    title: str | None
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """One household that a search found."""

    id: int
    dwelling: str
    address: str
    commune: str
    agency: str
    gone_at: datetime | None
    names: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One text from a household, as it was understood."""

    at: datetime
    intent: str
    body: str


def home(connection: Connection, household: int, *, now: datetime) -> Home | None:
    """One household, or None."""
    row = connection.execute(_HOUSEHOLD, {"household": household, "now": now}).one_or_none()
    return None if row is None else Home(**row._asdict())


def of_household(connection: Connection, household: int, *, limit: int = 60) -> list[Happened]:
    """What happened with a household, newest first."""
    rows = connection.execute(_HISTORY, {"household": household, "limit": limit})
    return [Happened(**row._asdict()) for row in rows]


def answers_since(connection: Connection, task_id: int) -> list[Answer]:
    """What the household wrote after the call was owed, newest first."""
    return [Answer(**row._asdict()) for row in connection.execute(_REPLIES_SINCE, {"task_id": task_id})]


def search(connection: Connection, words: str, *, agencies: Sequence[str] | None, limit: int = 30) -> list[Found]:
    """Households by the beginning of a name or dwelling code, or by the digits of a number; None: all agencies."""
    digits = "".join(c for c in words if c.isdigit())
    words = " ".join(words.split())
    values = {
        "start": words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%",
        "digits": f"%{digits.lstrip('0')}%" if len(digits) >= 6 else None,
        "agencies": None if agencies is None else list(agencies),
        "limit": limit,
        "most": SEARCHED_MOST,
    }
    return [Found(**row._asdict()) for row in connection.execute(_SEARCH, values)]


def among(connection: Connection, households: Collection[int]) -> list[Found]:
    """These households, by dwelling."""
    return [Found(**row._asdict()) for row in connection.execute(_AMONG, {"households": list(households)})]
