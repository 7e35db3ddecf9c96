"""A worker process: loaded by dramatiq's command in each process it forks."""

import logging
import os
import sys

import dramatiq

from worker import actors, bootstrap, broker, logs
from worker import settings as configuration
from worker.heartbeat import Heartbeat

# Batches are claimed and recorded in threads beside the loop that holds the requests. With CPython's 5 ms each of them
# would keep the answers waiting that long: a tenth of the provider's ceiling was lost so (docs/performance.md).
SWITCH_S = 0.0005
# On a full machine whoever is on the telephone, at the console or in the database goes before texts that go to many.
BEHIND = 5


def set_up() -> None:
    """Builds this process's App after the fork, and gives dramatiq its broker with the actors bound."""
    sys.setswitchinterval(SWITCH_S)
    os.nice(BEHIND)
    settings = configuration.load()
    logs.configure(settings.log_level)
    logging.getLogger("dramatiq").setLevel(logging.CRITICAL)  # broker.LogContext and Outages tell, without data
    queue = broker.build(settings.broker_url.get_secret_value())
    if settings.heartbeat:
        queue.add_middleware(Heartbeat(settings.heartbeat))
    app = bootstrap.build(settings)
    actors.route.bind(queue, app)
    dramatiq.set_broker(queue)
    app.gateway.load()
    bootstrap.settle()
