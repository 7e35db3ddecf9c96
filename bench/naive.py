"""The naive worker of the baseline: one item per recipient. Run as a module it enqueues; under dramatiq it sends."""

import os
from functools import cache
from typing import Any

import dramatiq
import jinja2
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.baselines import BODY, stock_client

dramatiq.set_broker(RedisBroker(url=os.environ.get("NAIVE_BROKER", "redis://127.0.0.1:6379/0")))
TEMPLATE = jinja2.Template("{{ body }}")


class Base(DeclarativeBase):
    """Where mapped classes begin."""


class Text(Base):
    """One text, as an ORM maps it."""

    __tablename__ = "naive"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    state: Mapped[str]
    sid: Mapped[str | None]


@cache
def engine() -> Engine:
    """One pool per process."""
    return create_engine(os.environ["NAIVE_DATABASE"].replace("postgresql://", "postgresql+psycopg://"), pool_size=20)


@cache
def _client() -> Any:
    return stock_client(os.environ["NAIVE_PROVIDER"])


@dramatiq.actor
def send_one(number: int) -> None:
    """Loads, marks, renders, sends, marks; a commit per change. Its receipts go to naive_hooks."""
    with Session(engine()) as session:
        row = session.get_one(Text, number)
        row.state = "sending"
        session.commit()
        callback = f"{os.environ['NAIVE_HOOKS']}/receipts/{number}"
        body = TEMPLATE.render(body=BODY)
        sent = _client().messages.create(to=row.number, from_="38000", body=body, status_callback=callback)
        row.sid, row.state = sent.sid, "queued"
        session.commit()


def enqueue() -> None:
    """One item for each row."""
    with Session(engine()) as session:
        for number in session.scalars(select(Text.id).order_by(Text.id)).all():
            send_one.send(number)


if __name__ == "__main__":
    enqueue()
