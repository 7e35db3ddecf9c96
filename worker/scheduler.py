"""The clock of the program: it only ticks. What is due stands in the database, scheduled campaigns too."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler

from worker import actors, broker, logs
from worker.bootstrap import App
from worker.domain.errors import Unavailable
from worker.heartbeat import beat

log = structlog.get_logger()

# The provider is asked this often within the margin that a request of unknown fate is given.
ASKS_PER_MARGIN = 4
MORNING_EVERY_S = 60.0


class Waking:
    """Calls a wake-up and says once, not a thousand times, when the queue is away and when it is back.

    said: the sentence for it.
    """

    def __init__(self, heartbeat: Path | None = None, *, said: str = "") -> None:
        self._away = logs.Once()
        self._said = said
        self._heartbeat = heartbeat

    def __call__(self, wake: Callable[[], None]) -> None:
        try:
            wake()
        except Unavailable:
            if self._away.turns(to=True):
                log.warning("queue_unreachable", said=self._said)
            return
        except Exception as error:  # noqa: BLE001  # a tick that breaks must not take the clock with it
            _log_failure(error)
            return
        beat(self._heartbeat)
        if self._away.turns(to=False):
            log.info("queue_reachable_again")


def _log_failure(error: Exception) -> None:
    log.error("tick_failed", error=type(error).__name__, at=logs.where(error))


def run(app: App, *, queue: broker.Queue) -> None:
    """Ticks until SIGTERM or Ctrl-C."""
    scheduler = BlockingScheduler(timezone=app.settings.timezone)
    waking = Waking(app.settings.heartbeat, said=broker.waiting_for(queue))
    every = {
        actors.sweep.send: app.settings.limits.tick_s,
        actors.reconcile.send: max(1.0, app.settings.limits.unknown_margin_s / ASKS_PER_MARGIN),
        actors.fetch_missed_replies.send: app.settings.limits.replies_poll_s,
        actors.make_morning_sheets.send: MORNING_EVERY_S,
    }
    for wake, seconds in every.items():
        at_once = datetime.now(UTC)  # APScheduler's own clock
        scheduler.add_job(
            waking, "interval", [wake], seconds=seconds, coalesce=True, max_instances=1, next_run_time=at_once
        )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("scheduler_started", campaigns=sum(bool(c.schedule) for c in app.campaigns.values()))
    scheduler.start()
