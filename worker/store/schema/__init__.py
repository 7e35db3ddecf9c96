"""The schema as SQLAlchemy tables. Constraints carry the promises; the migrations build the same."""

from worker.store.schema.base import metadata
from worker.store.schema.bridges import bridged_call
from worker.store.schema.inbound import inbound_message, reply, reply_listing
from worker.store.schema.ledger import (
    attempt,
    automatic_call,
    campaign_event,
    delivery_receipt,
    event_summary,
    message,
    recipient,
    unqueued,
)
from worker.store.schema.limits import in_flight_limit, in_flight_share, provider_outage, sender_pace
from worker.store.schema.line import incoming_call, incoming_call_household
from worker.store.schema.people import (
    agency,
    dwelling,
    hold,
    household,
    listing_import,
    opt_out,
    phone,
    residence,
    tenant,
)
from worker.store.schema.referrals import partner, referral, referral_move, referral_sending
from worker.store.schema.schedules import campaign_round, missed_occasion, round_place, schedule_done
from worker.store.schema.sheets import listing_upload, morning_sheet
from worker.store.schema.staff import (
    api_token,
    audit_entry,
    kept_answer,
    sign_in_failure,
    staff_account,
    staff_identity,
    staff_session,
)
from worker.store.schema.tasks import call_outcome, callback_task, caller_presence, outcome_undo, task_move

__all__ = [
    "agency",
    "api_token",
    "attempt",
    "audit_entry",
    "automatic_call",
    "bridged_call",
    "call_outcome",
    "callback_task",
    "caller_presence",
    "campaign_event",
    "campaign_round",
    "delivery_receipt",
    "dwelling",
    "event_summary",
    "hold",
    "household",
    "in_flight_limit",
    "in_flight_share",
    "inbound_message",
    "incoming_call",
    "incoming_call_household",
    "kept_answer",
    "listing_import",
    "listing_upload",
    "message",
    "metadata",
    "missed_occasion",
    "morning_sheet",
    "opt_out",
    "outcome_undo",
    "partner",
    "phone",
    "provider_outage",
    "recipient",
    "referral",
    "referral_move",
    "referral_sending",
    "reply",
    "reply_listing",
    "residence",
    "round_place",
    "schedule_done",
    "sender_pace",
    "sign_in_failure",
    "staff_account",
    "staff_identity",
    "staff_session",
    "task_move",
    "tenant",
    "unqueued",
]
