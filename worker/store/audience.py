"""Who a campaign concerns, decided in one statement over the whole listing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain.campaigns import AgeBand, Audience
from worker.domain.recipients import Reason, RecipientState
from worker.store.call_numbers import CALLABLE

# A recipient (w) to whom its event came: by a text that did not fail, as far as anybody knows, by a call that was picked
# up, or by a person. Without a text of this event, the question of an earlier one stood for it.
_THEIRS = """
FROM message m WHERE m.event_id = w.event_id AND m.step <> 'ack'
AND (m.e164 = w.e164 OR m.e164 = w.call_e164 OR m.recipient_id = w.id)
"""
_GOT_IT = f"""
w.contacted_at IS NOT NULL
AND (w.replied_at IS NOT NULL OR w.state IN ('reached', 'informed') OR NOT EXISTS (SELECT 1 {_THEIRS})
     OR EXISTS (SELECT 1 {_THEIRS} AND m.channel = 'sms' AND m.state IN ('sending', 'unknown', 'sent', 'delivered'))
     OR EXISTS (SELECT 1 {_THEIRS} AND EXISTS (SELECT 1 FROM automatic_call c WHERE c.message_id = m.id
                                               AND c.came_to IN ('answered', 'no_input', 'wrong_key', 'hung_up'))))
"""  # noqa: S608  # our own constants

# One row per household of the audience, with its best number for a text and why it may get none.
# Relies on ix_tenant_active, uq_household_present, the phone unique key and uq_opt_out_standing.
# Where the machine rings, also the number it would ring; who lately pressed keys and answered no text is rung at once.
SORTED = f"""
WITH aged AS (
    SELECT t.household_id, t.language, t.role,
           CASE t.birth_precision
               WHEN 'day' THEN date_part('year', age(CAST(:day AS date), t.birth_date))
               WHEN 'year' THEN date_part('year', age(CAST(:day AS date), make_date(date_part('year', t.birth_date)::int, 12, 31)))
           END AS years
    FROM tenant t WHERE t.status = 'active'
), concerned AS (
    SELECT a.household_id,
           (array_agg(a.language ORDER BY (a.role = 'holder') DESC, a.years DESC NULLS LAST))[1] AS language,
           max(a.years)::int AS years
    FROM aged a
    WHERE (a.years IS NULL AND :unknown_age)
       OR EXISTS (SELECT 1 FROM unnest(CAST(:from_ages AS int[]), CAST(:upto_ages AS int[])) AS band(low, high)
                  WHERE a.years >= band.low AND a.years <= band.high)
    GROUP BY a.household_id
), audience AS (
    SELECT h.id AS household_id, coalesce(h.preferred_language, c.language) AS language, c.years,
           h.refused_at IS NOT NULL AS refused, coalesce(h.preferred_channel = 'call', false) AS prefers_call
    FROM concerned c
    JOIN household h ON h.id = c.household_id AND h.gone_at IS NULL
    JOIN dwelling d ON d.id = h.dwelling_id
    JOIN agency g ON g.id = d.agency_id
    LEFT JOIN residence r ON r.id = d.residence_id
    WHERE (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
      AND (CAST(:departements AS text[]) IS NULL OR d.departement = ANY (:departements))
      AND (CAST(:residences AS text[]) IS NULL OR r.name = ANY (:residences))
      AND (CAST(:adapted AS boolean) IS NULL OR d.adapted = :adapted)
      AND (CAST(:senior AS boolean) IS NULL OR coalesce(r.senior, false) = :senior)
      AND (CAST(:alone AS boolean) IS NULL OR (h.lives_alone = 'yes') = :alone)
      AND (CAST(:contacted_in AS bigint[]) = '{{}}'
           OR EXISTS (SELECT 1 FROM recipient w WHERE w.household_id = h.id AND w.event_id = ANY (:contacted_in)
                      AND {_GOT_IT}))
      AND (CAST(:household AS bigint) IS NULL OR h.id = :household)
      AND (NOT :dealt OR EXISTS (SELECT 1 FROM round_place p
                                 WHERE p.event_id = CAST(:event_id AS bigint) AND p.household_id = h.id))
), sorted AS (
    SELECT a.household_id, a.language, a.years, best.e164, ring.e164 AS call_e164,
           CASE WHEN lately.fate = 'contacted' THEN lately.event_id END AS other_event,
           CASE WHEN lately.fate = 'asked' AND lately.e164 = best.e164 THEN lately.contacted_at END AS asked_at,
           CASE WHEN lately.fate = 'asked' AND lately.e164 = best.e164 THEN lately.reminded_at END AS reminded_at,
           CASE
               WHEN a.refused THEN 'refused'
               WHEN EXISTS (SELECT 1 FROM hold o WHERE o.household_id = a.household_id AND o.ended_at IS NULL
                            AND o.from_at <= :now AND o.until_at > :now) THEN 'on_hold'
               WHEN lately.fate = 'contacted' THEN 'contacted_today'
               WHEN a.prefers_call AND :wants_reply
                    AND EXISTS (SELECT 1 FROM phone p WHERE p.household_id = a.household_id AND p.removed_at IS NULL
                                AND p.bad_since IS NULL) THEN 'prefers_call'
               WHEN best.e164 IS NOT NULL AND ring.e164 IS NOT NULL AND lately.fate IS NULL
                    AND habit.asked >= :habit_of AND habit.by_text = 0 AND habit.by_key > 0 THEN 'answers_calls'
               WHEN best.e164 IS NOT NULL THEN NULL
               WHEN EXISTS (SELECT 1 FROM phone p WHERE p.household_id = a.household_id AND p.kind = 'mobile'
                            AND p.removed_at IS NULL AND p.bad_since IS NULL) THEN 'opted_out'
               WHEN EXISTS (SELECT 1 FROM phone p WHERE p.household_id = a.household_id AND p.kind IN ('fixed', 'voip')
                            AND p.removed_at IS NULL AND p.bad_since IS NULL) THEN 'landline_only'
               ELSE 'no_phone'
           END AS reason
    FROM audience a
    LEFT JOIN LATERAL (
        SELECT p.e164 FROM phone p
        WHERE p.household_id = a.household_id AND p.kind = 'mobile' AND p.removed_at IS NULL AND p.bad_since IS NULL
          AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = p.e164 AND o.undone_at IS NULL
                          AND o.channel IN ('sms', 'all') AND o.purpose IN ('all', :purpose))
        ORDER BY (p.label IN ('self', 'spouse')) DESC, (p.source = 'caller') DESC, p.rank, p.id
        LIMIT 1
    ) best ON true
    LEFT JOIN LATERAL (
        -- 'contacted': written to today, for whatever purpose, or about to be, unless the level rises; no alert
        -- keeps the last text of an all clear from anybody. 'asked': written to by an event that was cancelled before an answer came; the
        -- question stands, and is not asked twice.
        SELECT w.fate, p.event_id, p.e164, p.contacted_at, p.reminded_at
        FROM recipient p JOIN campaign_event e ON e.id = p.event_id
        CROSS JOIN LATERAL (SELECT CASE WHEN :wants_reply AND e.kind = 'check_in' AND p.state = 'cancelled'
                                             AND e.definition->>'purpose' = :purpose
                                             AND p.intent IS DISTINCT FROM 'ok' THEN 'asked' ELSE 'contacted' END) w(fate)
        WHERE p.household_id = a.household_id AND e.id IS DISTINCT FROM CAST(:event_id AS bigint)
          AND e.id <> ALL (CAST(:contacted_in AS bigint[]))
          AND (CAST(:contacted_in AS bigint[]) = '{{}}' OR e.level = 'none')
          AND array_position(CAST(:levels AS text[]), e.level) >= array_position(CAST(:levels AS text[]), :level)
          AND (p.contacted_at >= :day_start
               OR (p.state = 'waiting' AND p.contacted_at IS NULL AND p.reason IS NULL AND e.void_at > :now
                   AND e.state IN ('running', 'paused')))
        ORDER BY (w.fate = 'asked'), p.id DESC
        LIMIT 1
    ) lately ON true
    LEFT JOIN LATERAL (
        SELECT c.e164 FROM ({CALLABLE.format(household="a.household_id", purpose=":purpose", further="")}) c WHERE :rings
    ) ring ON true
    LEFT JOIN LATERAL (
        -- the latest questions put to the household, and which of them it answered by text or by a key
        SELECT count(*) AS asked, count(*) FILTER (WHERE past.by_text) AS by_text, count(*) FILTER (WHERE past.by_key) AS by_key
        FROM (SELECT EXISTS (SELECT 1 FROM reply y JOIN inbound_message i ON i.id = y.inbound_id
                             WHERE y.recipient_id = p.id AND i.channel = 'sms') AS by_text,
                     EXISTS (SELECT 1 FROM reply y JOIN inbound_message i ON i.id = y.inbound_id
                             WHERE y.recipient_id = p.id AND i.channel = 'voice') AS by_key
              FROM recipient p JOIN campaign_event e ON e.id = p.event_id AND e.kind = 'check_in'
              WHERE p.household_id = a.household_id AND p.contacted_at IS NOT NULL
                AND e.id IS DISTINCT FROM CAST(:event_id AS bigint)
              ORDER BY p.id DESC LIMIT :habit_of) past
        WHERE :rings AND :wants_reply
    ) habit ON true
)
"""  # noqa: S608  # our own constants

# For whom the machine's call takes the place of the text.
RUNG = "(s.call_e164 IS NOT NULL AND coalesce(s.reason, '') IN ('landline_only', 'answers_calls'))"

_FAN_OUT = text(
    f"""{SORTED}, drawn AS (
INSERT INTO recipient (event_id, household_id, e164, language, contacted_at, reminded_at, state, reason, due_at, settled_at)
SELECT :event_id, s.household_id, CASE WHEN s.reason IS NULL THEN s.e164 END, s.language,
       CASE WHEN s.reason IS NULL THEN s.asked_at END, CASE WHEN s.reason IS NULL THEN s.reminded_at END,
       CASE WHEN s.reason = ANY (:recorded) AND NOT {RUNG} THEN :excluded ELSE :waiting END,
       s.reason,
       CASE WHEN s.reason IS NULL AND s.asked_at IS NULL THEN :void_at WHEN s.reason = ANY (:recorded) AND NOT {RUNG} THEN NULL
            ELSE CAST(:now AS timestamptz) END,
       CASE WHEN s.reason = ANY (:recorded) AND NOT {RUNG} THEN CAST(:now AS timestamptz) END
FROM sorted s
-- no tenant ever comes into a test
WHERE NOT (SELECT e.is_test FROM campaign_event e WHERE e.id = :event_id)
ON CONFLICT (event_id, household_id) DO NOTHING
RETURNING id
)
SELECT count(*) AS recipients, coalesce(min(id), 0) AS first, coalesce(max(id), 0) AS last FROM drawn
"""  # noqa: S608  # our own constant
)

# What becomes of a household: a text, a call by the machine, or why neither.
FATE = f"CASE WHEN {RUNG} THEN 'voice' ELSE coalesce(s.reason, 'text') END"

_PREVIEW = text(
    f"""{SORTED}
SELECT g.code AS agency, {FATE} AS fate, s.language, count(*) AS households
FROM sorted s JOIN household h ON h.id = s.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608  # our own constants
)

_UNKNOWN_AGE = text(
    """
SELECT count(DISTINCT t.household_id) FROM tenant t JOIN household h ON h.id = t.household_id AND h.gone_at IS NULL
WHERE t.status = 'active' AND t.birth_precision = 'unknown'
"""
)

DRAWING_LOCK = 7_206_814  # any constant: one event is drawn up at a time
LEVELS = ["none", "yellow", "orange", "red"]
OLDEST = 200
# Who left so many questions unanswered by text, and pressed a key in a call about one of them, is rung instead.
HABIT_OF = 3


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the rule of who is asked with. day: local date of the event; day_start: midnight of the day it writes on."""

    audience: Audience
    purpose: str
    level: str
    day: date
    day_start: datetime
    now: datetime
    wants_reply: bool = False
    # The machine rings whom no text can reach.
    rings: bool = False
    # Only this one, whatever the rule says about ages and places.
    household: int | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """How many households of an agency would get a text (`text`) or a call (`voice`), or why they would not."""

    agency: str
    fate: str
    language: str
    households: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many recipients were written, and the ids they lie between; others' may lie there too."""

    recipients: int
    first: int
    last: int


def _bounds(bands: Iterable[AgeBand]) -> dict[str, Any]:
    listed = list(bands)
    return {
        "from_ages": [b.from_age for b in listed],
        "upto_ages": [OLDEST if b.upto_age is None else b.upto_age for b in listed],
    }


def parameters(occasion: Occasion) -> dict[str, Any]:
    """The values that SORTED asks for."""
    who = occasion.audience
    return _bounds(who.age_bands) | {
        "day": occasion.day,
        "day_start": occasion.day_start,
        "now": occasion.now,
        "purpose": occasion.purpose,
        "level": occasion.level,
        "levels": LEVELS,
        "unknown_age": who.include_unknown_age,
        "agencies": list(who.agencies) or None,
        "departements": list(who.departements) or None,
        "residences": list(who.residences) or None,
        "adapted": who.adapted_dwelling,
        "senior": who.senior_residence,
        "alone": who.lives_alone,
        "wants_reply": occasion.wants_reply,
        "rings": occasion.rings,
        "habit_of": HABIT_OF,
        "contacted_in": list(who.contacted_in),
        "household": occasion.household,
        "dealt": who.dealt,
        "event_id": None,
    }


def fan_out(
    connection: Connection, event_id: int, occasion: Occasion, *, recorded: Iterable[Reason], void_at: datetime
) -> Drawn:
    """One recipient per household of the audience, excluded ones with their reason.

    Events are drawn up one after the other, so that each sees whom the one before writes to today. recorded: the reasons
    for which the campaign only records the household; the others are due at once for the next rung of the ladder.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": DRAWING_LOCK})
    values = parameters(occasion) | {
        "event_id": event_id,
        "recorded": [str(r) for r in recorded],
        "excluded": RecipientState.EXCLUDED,
        "waiting": RecipientState.WAITING,
        "void_at": void_at,
    }
    return Drawn(**connection.execute(_FAN_OUT, values).one()._asdict())


def preview(connection: Connection, occasion: Occasion) -> list[Fate]:
    """What fan_out would do, counted by agency, fate and language."""
    return [Fate(**row._asdict()) for row in connection.execute(_PREVIEW, parameters(occasion))]


def of_unknown_age(connection: Connection) -> int:
    """Households with a tenant of unknown age: no rule of age can place them, a person should look."""
    return int(connection.execute(_UNKNOWN_AGE).scalar_one())
