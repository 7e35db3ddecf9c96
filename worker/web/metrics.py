"""GET /metrics for Prometheus: counts read from the rows at each scrape, and this process's own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response

from worker.domain.errors import Unavailable
from worker.store import metrics
from worker.store.database import Database
from worker.web.parts import Parts

Counts = Iterable[tuple[tuple[str, ...], float]]

_HELP: Final = {
    "courtoisie_messages": "Texts by lane and state.",
    "courtoisie_recipients": "Households of open events by state.",
    "courtoisie_callback_tasks": "Calls owed by people, by state.",
    "courtoisie_events": "Campaign events by state.",
    "courtoisie_alarms": "Events stopped by an alarm.",
    "courtoisie_answers_refused": "Automatic answers that wait because the provider refuses our set-up.",
    "courtoisie_missed_occasions": "Scheduled occasions that were missed, of which no operator took note.",
    "courtoisie_unread_replies": "Replies stored and not yet read.",
    "courtoisie_ladder_lag_seconds": "How late the latest due rung is.",
    "courtoisie_database_up": "Whether the database answered this scrape.",
}


def router(parts: Parts) -> APIRouter:
    """A registry per application, so that two in one process do not share figures."""
    registry = CollectorRegistry()
    registry.register(Rows(parts.db))
    for own in (ProcessCollector, PlatformCollector, GCCollector):
        own(registry=registry)
    routes = APIRouter()

    @routes.get("/metrics", include_in_schema=False)
    def scrape() -> Response:  # not async: it asks the database, in a thread
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes


class Rows(Collector):
    """Counts by label, never a person. Without the database, only that it is away."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def describe(self) -> Iterable[Metric]:
        """The names alone, so that registering asks nothing of the database."""
        return [GaugeMetricFamily(name, words) for name, words in _HELP.items()]

    def collect(self) -> Iterator[Metric]:
        """All of it, at one moment."""
        try:
            with self._db.begin() as connection:
                now = metrics.snapshot(connection)
        except Unavailable:
            yield _gauge("courtoisie_database_up", [((), 0)])
            return
        yield _gauge("courtoisie_database_up", [((), 1)])
        yield from _families(now)


def _families(now: metrics.Snapshot) -> Iterator[Metric]:
    yield _gauge("courtoisie_messages", now.messages.items(), "lane", "state")
    yield _gauge("courtoisie_recipients", _by_state(now.recipients), "state")
    yield _gauge("courtoisie_callback_tasks", _by_state(now.tasks), "state")
    yield _gauge("courtoisie_events", _by_state(now.events), "state")
    yield _gauge("courtoisie_alarms", [((), now.alarms)])
    yield _gauge("courtoisie_answers_refused", [((), now.answers_refused)])
    yield _gauge("courtoisie_missed_occasions", [((), now.missed_occasions)])
    yield _gauge("courtoisie_unread_replies", [((), now.unread_replies)])
    yield _gauge("courtoisie_ladder_lag_seconds", [((), now.ladder_lag_s)])


def _by_state(counts: Mapping[str, int]) -> Counts:
    return [((state,), number) for state, number in counts.items()]


def _gauge(name: str, counts: Counts, *labels: str) -> Metric:
    family = GaugeMetricFamily(name, _HELP[name], labels=labels)
    for values, number in counts:
        family.add_metric(values, number)
    return family
