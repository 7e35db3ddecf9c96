"""The route, top to bottom. Each actor calls one service and wakes what follows; all are safe to run twice.

schedule or operator  -> open_campaign_event   one event per campaign and occasion
                      -> fan_out               recipients drawn up in one transaction, then their texts
                      -> send_batch            claimed, sent, recorded; again while something is due
reply                 -> handle_inbound        stored before; read, acted on; then send_answers
                      -> read_backlog          those whose wake-up was lost, or waits behind too many others
tick                  -> sweep                 mends the rows, wakes what the queue lost, follows referrals
                      -> escalate_silent       reminder, call by the machine, callback task or a final word
                      -> place_calls           claimed, asked for, recorded; the hooks tell the rest
caller               -> place_bridge          rings their own phone, and by a key the household
machine picked up     -> leave_voicemail       words for the machine in place of the question
tick                  -> make_morning_sheets   the callers' lists of the day, once for each agency
tick                  -> reconcile             asks the provider about what is not known
"""

from functools import partial

from worker.bootstrap import App
from worker.broker import TICK_MAX_AGE_MS, Route
from worker.gates import Round
from worker.paper import lists
from worker.services import (
    answering,
    bridging,
    calling,
    chasing,
    escalating,
    events,
    inbound,
    mornings,
    reconciling,
    referral_mail,
    schedules,
    sending,
    summaries,
    sweeping,
    unheard,
    uploading,
)

route = Route()

# Several batches of an event overlap, so that the provider is never left idle between two of them. More than all
# workers of a usual deployment admit: those that find no place end at once.
CHAINS_PER_EVENT = 12


@route.actor(queue="default")
def open_campaign_event(app: App, campaign: str, occasion: str) -> None:
    opened = events.open_event(app.db, app.campaign(campaign), occasion=occasion, desk=app.desk, now=app.clock())
    if opened.new:
        fan_out.send(opened.event_id)


@route.actor(queue="default")
def fan_out(app: App, event_id: int) -> None:
    def queued() -> None:
        for _chain in range(CHAINS_PER_EVENT):
            send_batch.send(event_id)

    drawn = events.fan_out(
        app.db,
        event_id,
        desk=app.desk,
        now=app.clock(),
        clock=app.clock,
        slice_of=app.settings.limits.fan_out_slice,
        queued=queued,
    )
    if drawn:
        escalate_silent.send()


@route.actor(queue="bulk", max_retries=0)
def send_batch(app: App, event_id: int) -> None:
    with app.gates.admit_texts(event_id) as admitted:
        batch = sending.send_round(app.sending, event_id) if admitted else sending.Batch()
    if batch.more:
        send_batch.send_later(batch.wait_s, event_id) if batch.wait_s else send_batch.send(event_id)
    if admitted:
        for turned_away in app.gates.turned_away():
            send_batch.send(turned_away)


@route.actor(queue="bulk", max_age=TICK_MAX_AGE_MS, max_retries=0)
def place_calls(app: App) -> None:
    with app.gates.admit(Round.CALLS) as admitted:
        if admitted:
            calling.place_round(app.calling, app.voice_senders)


@route.actor(queue="answers", max_age=TICK_MAX_AGE_MS, max_retries=0)
def leave_voicemail(app: App, message_id: int, attempt_id: int) -> None:
    answering.leave_voicemail(app.answering, app.gateway, message_id, attempt_id, now=app.clock())


@route.actor(queue="answers", max_age=TICK_MAX_AGE_MS, max_retries=0)
def place_bridge(app: App, bridge_id: int) -> None:
    bridging.place(app.sending, bridge_id, settings=app.settings)


@route.actor(queue="answers")
def send_answers(app: App) -> None:
    with app.gates.admit(Round.ANSWERS) as admitted:
        batch = sending.send_answers(app.sending) if admitted else sending.Batch()
    if batch.sent:
        send_answers.send()


@route.actor(queue="answers")
def handle_inbound(app: App, inbound_id: int) -> None:
    if inbound.handle(app.reading, inbound_id, now=app.clock()):
        _wake_answers(app)


@route.actor(queue="answers", max_age=TICK_MAX_AGE_MS, max_retries=0)
def read_backlog(app: App) -> None:
    with app.gates.admit(Round.BACKLOG) as admitted:
        read = inbound.read_backlog(app.reading, now=app.clock()) if admitted else 0
    if read:
        _wake_answers(app)
        read_backlog.send()


@route.actor(queue="default", max_age=TICK_MAX_AGE_MS, max_retries=0)
def escalate_silent(app: App) -> None:
    with app.gates.admit(Round.LADDER) as admitted:
        done = escalating.escalate(app.db, desk=app.desk, now=app.clock()) if admitted else escalating.Escalated()
    if done.more:
        escalate_silent.send()
    if done.called:
        place_calls.send()


@route.actor(queue="default", max_age=TICK_MAX_AGE_MS, max_retries=0)
def sweep(app: App) -> None:
    with app.gates.admit(Round.SWEEP) as admitted:
        if admitted:
            _sweep(app)


@route.actor(queue="default", max_age=TICK_MAX_AGE_MS, max_retries=0)
def make_morning_sheets(app: App) -> None:
    now, settings = app.clock(), app.settings
    draw = partial(lists.calls_pdf, settings=settings, now=now)
    mornings.make_due(app.db, app.forms, draw=draw, desk=app.desk, settings=settings, now=now)
    uploading.forget(app.db, now=app.clock())


@route.actor(queue="default", max_age=TICK_MAX_AGE_MS, max_retries=0)
def reconcile(app: App) -> None:
    with app.gates.admit(Round.QUESTIONS) as admitted:
        more = admitted and reconciling.ask(app.reconciling)
    if more:
        reconcile.send()


@route.actor(queue="default", max_age=TICK_MAX_AGE_MS, max_retries=0)
def fetch_missed_replies(app: App) -> None:
    with app.gates.admit(Round.LISTING) as admitted:
        found = reconciling.fetch_missed_replies(app.reconciling) if admitted else ()
        for inbound_id in found:
            handle_inbound.send(inbound_id)
        if admitted:
            unheard.fetch_missed_calls(app.reconciling)


def _wake_answers(app: App) -> None:
    delay_s = app.answers_owed.delay_s()
    if delay_s is not None:
        send_answers.send_later(delay_s) if delay_s else send_answers.send()


def _sweep(app: App) -> None:
    _wake(sweeping.sweep(app.db, desk=app.desk, outage=app.outage, now=app.clock()))
    referral_mail.give_up(app.db, now=app.clock())
    chasing.chase(app.db, desk=app.desk, now=app.clock())
    due = schedules.open_due(app.db, app.campaigns.values(), desk=app.desk, settings=app.settings, now=app.clock())
    for event_id in due:
        fan_out.send(event_id)
    summaries.keep_due(app.db, prices=app.prices, desk=app.desk, now=app.clock())


def _wake(wakes: sweeping.Wakes) -> None:
    for event_id in wakes.unopened_events:
        fan_out.send(event_id)
    for event_id in wakes.sending_events:
        send_batch.send(event_id)
    if wakes.unread:
        read_backlog.send()
    if wakes.answers:
        send_answers.send()
    if wakes.calls:
        place_calls.send()
    for message_id, attempt_id in wakes.machines:
        leave_voicemail.send(message_id, attempt_id)
    if wakes.escalation:
        escalate_silent.send()
