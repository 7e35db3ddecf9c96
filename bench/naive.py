"""The naive worker of the baseline: one item per recipient. Run as a module it enqueues; under dramatiq it sends."""

import os
from functools import cache
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy import Engine, create_engine, text

from bench.baselines import BODY, stock_client

dramatiq.set_broker(RedisBroker(url=os.environ.get("NAIVE_BROKER", "redis://127.0.0.1:6379/0")))


@cache
def _engine() -> Engine:
    return create_engine(os.environ["NAIVE_DATABASE"].replace("postgresql://", "postgresql+psycopg://"), pool_size=16)


@cache
def _client() -> Any:
    return stock_client(os.environ["NAIVE_PROVIDER"])


@dramatiq.actor
def send_one(number: int) -> None:
    """Marks, sends, marks: three round trips and two commits for one text. Its receipts go to naive_hooks."""
    with _engine().begin() as connection:
        to = connection.execute(
            text("UPDATE naive SET state = 'sending' WHERE id = :id RETURNING number"), {"id": number}
        ).scalar_one()
    callback = f"{os.environ['NAIVE_HOOKS']}/receipts/{number}"
    sent = _client().messages.create(to=to, from_="38000", body=BODY, status_callback=callback)
    with _engine().begin() as connection:
        connection.execute(text("UPDATE naive SET sid = :sid WHERE id = :id"), {"sid": sent.sid, "id": number})


def enqueue() -> None:
    """One item for each row."""
    with _engine().begin() as connection:
        for number in connection.execute(text("SELECT id FROM naive ORDER BY id")).scalars().all():
            send_one.send(number)


if __name__ == "__main__":
    enqueue()
