"""Whether anybody still wants what is queued for a number, asked at the last moment, when a text or a call is claimed; and
whether its own time is over."""

# A recipient (r) who waits, can be had at the message's (m) number and is there. What was noted since the event was drawn
# up holds at once: a wrong number, one that left the listing, an absence, a household that left or wants no more. Of
# several that share a number, one is enough.
WAITS = """
r.state = 'waiting'
AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = m.e164
                AND (p.bad_since IS NOT NULL OR p.removed_at IS NOT NULL) OFFSET 0)
AND NOT EXISTS (SELECT 1 FROM household h WHERE h.id = r.household_id
                AND (h.gone_at IS NOT NULL OR h.refused_at IS NOT NULL) OFFSET 0)
AND NOT EXISTS (SELECT 1 FROM hold o WHERE o.household_id = r.household_id AND o.ended_at IS NULL
                AND o.from_at <= :now AND o.until_at > :now OFFSET 0)
"""

# A window that closed or a text that became void, whichever comes first: found by ix_message_runs_out, without a look at
# those whose time is not over.
RUNS_OUT = "least(window_closes_at, void_at) <= :now"
