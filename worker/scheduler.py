"""The clock of the program: reads campaign schedules and ticks, and only wakes. No logic, no state."""

import signal
from collections.abc import Callable
from types import FrameType
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger

from worker import actors
from worker.bootstrap import App
from worker.domain.campaigns import occasion_of
from worker.domain.errors import Unavailable

log = structlog.get_logger()

# The provider is asked this often within the margin that a request of unknown fate is given.
ASKS_PER_MARGIN = 4


class Waking:
    """Calls a wake-up and says once, not a thousand times, when the queue is away and when it is back."""

    def __init__(self) -> None:
        self._away = False

    def __call__(self, wake: Callable[[], None]) -> None:
        try:
            wake()
        except Unavailable:
            if not self._away:
                log.warning("queue_unreachable")
            self._away = True
            return
        if self._away:
            log.info("queue_reachable_again")
        self._away = False


def run(app: App) -> None:
    """Ticks until SIGTERM or Ctrl-C."""
    scheduler = BlockingScheduler(timezone=app.settings.timezone)
    waking = Waking()
    every = {
        actors.sweep.send: app.settings.limits.tick_s,
        actors.reconcile.send: max(1.0, app.settings.limits.unknown_margin_s / ASKS_PER_MARGIN),
        actors.fetch_missed_replies.send: app.settings.limits.replies_poll_s,
    }
    for wake, seconds in every.items():
        scheduler.add_job(
            waking, "interval", [wake], seconds=seconds, coalesce=True, max_instances=1, next_run_time=app.clock()
        )
    _add_campaigns(scheduler, app, waking)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("scheduler_started", campaigns=len(scheduler.get_jobs()) - len(every))
    scheduler.start()


def _add_campaigns(scheduler: BlockingScheduler, app: App, waking: Waking) -> None:
    timezone = ZoneInfo(app.settings.timezone)
    for campaign in app.campaigns.values():
        if campaign.schedule:
            trigger = CronTrigger.from_crontab(campaign.schedule, timezone=timezone)
            scheduler.add_job(
                waking, trigger, [_opening(app, campaign.key, timezone)], coalesce=True, misfire_grace_time=3600
            )


def _opening(app: App, campaign: str, timezone: ZoneInfo) -> Callable[[], None]:
    return lambda: actors.open_campaign_event.send(campaign, occasion_of(app.clock().astimezone(timezone)))
