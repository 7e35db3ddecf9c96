"""A preview in the form other programs rely on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from worker.domain import pricing
from worker.domain.channels import Sender
from worker.rendering import in_place_of
from worker.services.capacity import Outlook
from worker.services.previewing import Preview, Row
from worker.store.previews import Elsewhere, Household


def as_json(seen: Preview) -> dict[str, Any]:
    """All of it as one object. Amounts are text, "12.345600" euros; moments are in UTC."""
    return {
        "campaign": seen.campaign.key,
        "title": seen.campaign.title,
        "households": seen.households,
        "texts": seen.texts,
        "segments": seen.segments,
        "text": {r.language: r.rendered.text for r in seen.rows if r.step == "first"},
        "excluded": dict(seen.excluded),
        "callbacks_at_once": seen.callbacks_at_once,
        "starts_at": seen.starts_at.isoformat(),
        "ends_at": seen.ends_at.isoformat(),
        "void_at": seen.void_at.isoformat(),
        "by_agency": dict(seen.by_agency),
        "unknown_age": seen.unknown_age,
        "channels": {
            "sms": {"households": seen.texted, "texts": seen.texts},
            "voice": {
                "households": seen.rung,
                "calls": seen.calls,
                "ends_at": seen.calls_end_at.isoformat() if seen.calls_end_at else None,
            },
            "call": seen.callbacks_at_once,
        },
        "rows": [_row_as_json(r) for r in seen.rows],
        "longest": _row_as_json(seen.longest) if seen.longest else None,
        "cost": {
            "texts_eur": pricing.plain(seen.cost.micro),
            "reminders_at_most_eur": pricing.plain(seen.reminders_at_most.micro),
            "segments_without_price": seen.cost.unpriced,
            "calls_eur": pricing.plain(seen.calls_cost.micro),
            "calls_without_price": seen.calls_cost.unpriced,
        },
        "sender": _sender_as_json(seen.sender),
        "problems": [str(p) for p in seen.problems],
        "contacted_today": [
            {name: getattr(e, name) for name in Elsewhere.__dataclass_fields__} for e in seen.elsewhere
        ],
        "capacity": _outlook_as_json(seen.outlook),
    }


def of_households(listed: Sequence[Household] | None) -> dict[str, Any]:
    """The drill-down, by dwelling and without a name; nothing where it was not asked for."""
    if listed is None:
        return {}
    fields = [name for name in Household.__dataclass_fields__ if name != "household_id"]
    return {"listed": [{name: getattr(h, name) for name in fields} for h in listed]}


def _row_as_json(row: Row) -> dict[str, Any]:
    measured = row.rendered.measured
    return {
        "language": row.language,
        "step": row.step,
        "texts": row.texts,
        "segments": measured.segments,
        "units": measured.units,
        "encoding": str(measured.encoding),
        "forces_ucs2": list(measured.offenders),
        "remedy": in_place_of(measured.offenders),
        "example": row.example,
        "text": row.rendered.text,
    }


def _sender_as_json(sender: Sender | None) -> dict[str, Any] | None:
    if sender is None:
        return None
    return {
        "key": sender.key,
        "address": sender.address,
        "capability": str(sender.capability),
        "takes_replies": sender.takes_replies,
        "segments_per_s": sender.segments_per_s,
    }


def _outlook_as_json(made: Outlook) -> dict[str, Any]:
    basis, proposal = made.basis, made.proposal
    return {
        "expected_callbacks": sum(a.load.own for a in made.agencies),
        "caller_hours": round(made.work / timedelta(hours=1), 1),
        "minutes_per_call": round(basis.minutes, 1),
        "minutes_measured": basis.minutes_measured,
        "rate": round(basis.rate, 4),
        "rate_measured": basis.rate_measured,
        "last_at": made.last_at.isoformat() if made.last_at else None,
        "deadline": made.deadline.isoformat(),
        "fits": made.fits,
        "agencies": [
            {
                "agency": a.agency,
                "callers": a.callers,
                "queued": a.load.queued,
                "at_once": a.load.at_once,
                "later": a.load.later,
                "in_time": a.in_time,
                "last_at": a.last_at.isoformat() if a.last_at else None,
                "fits": a.fits,
            }
            for a in made.agencies
        ],
        "proposal": None
        if proposal is None
        else {
            "days": proposal.days,
            "from_age": proposal.from_age,
            "more_callers": dict(proposal.more_callers),
            "rung_in_time": proposal.first,
            "of": proposal.of,
        },
    }
