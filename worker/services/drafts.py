"""What a caller has typed is never lost: kept while they type, given back to them alone, gone once it is recorded."""

from datetime import datetime, timedelta

from worker.domain import forms
from worker.domain.forms import Form
from worker.store import drafts, tasks
from worker.store.database import Database
from worker.store.drafts import Draft, Fields, Recorded

__all__ = ["Draft", "Recorded", "find", "keep", "latest", "recorded_since", "sent", "set_aside", "take_up_again"]

# Of the card's own fields; the rest of a draft are answers.
FIELDS = ("note", "at", "number", "tenant", "concern")
NOTE_MOST = 2_000
ANSWERS_MOST = 20
# Longer than any shift; who comes back later rings again anyway.
KEPT = timedelta(days=2)
# Longer than a recorded call may be taken back.
SENT_KEPT = timedelta(minutes=5)


def keep(db: Database, task_id: int, account_id: int, fields: Fields, *, form: Form, now: datetime) -> bool:
    """Keeps what was typed; False for a task that is not there."""
    with db.begin() as connection:
        if tasks.household_of(connection, task_id) is None:
            return False
        drafts.save(connection, task_id, account_id, worth_keeping(form, fields), now=now)
        drafts.forget(connection, before=now - KEPT, sent_before=now - SENT_KEPT)
        return True


def may_type(db: Database, task_id: int, account_id: int, *, agency: str, now: datetime) -> bool:
    """Whether an account has to do with a task: it is of one of its agencies, or was in its hands lately. What it typed
    is no proof: it may have been sent for any number."""
    with db.begin() as connection:
        return drafts.may_type(connection, task_id, account_id, agency=agency, since=now - KEPT)


def sent(db: Database, task_id: int, account_id: int, fields: Fields, *, form: Form, now: datetime) -> None:
    """The call was recorded: what was typed stays for the minute in which that may be taken back."""
    with db.begin() as connection:
        drafts.save(connection, task_id, account_id, worth_keeping(form, fields), now=now, sent=True)


def find(db: Database, task_id: int, account_id: int) -> Draft | None:
    """What this account typed on this card and has not recorded."""
    with db.begin() as connection:
        return drafts.find(connection, task_id, account_id)


def take_up_again(db: Database, task_id: int, account_id: int) -> None:
    """The outcome was taken back."""
    with db.begin() as connection:
        drafts.take_up_again(connection, task_id, account_id)


def set_aside(db: Database, task_id: int, account_id: int) -> None:
    """The caller has no more use for it."""
    with db.begin() as connection:
        drafts.drop(connection, task_id, account_id)


def latest(db: Database, task_id: int) -> int:
    """The newest outcome of a task: what is recorded later is news to who sees the card now."""
    with db.begin() as connection:
        return drafts.latest(connection, task_id)


def recorded_since(db: Database, task_id: int, after: int) -> list[Recorded]:
    """What was recorded after that outcome, oldest first."""
    with db.begin() as connection:
        return drafts.recorded_since(connection, task_id, after)


def worth_keeping(form: Form, fields: Fields) -> dict[str, list[str]]:
    """The card's own fields, and answers that do not touch health. What is empty is not there."""
    kept = {name: [said[:NOTE_MOST] for said in fields.get(name, ())[:1] if said] for name in FIELDS}
    given = {q.key: list(fields.get(f"q_{q.key}", ()))[:ANSWERS_MOST] for q in form.questions}
    kept |= {f"q_{key}": codes for key, codes in forms.kept(form, given).answers.items()}
    return {name: said for name, said in kept.items() if said}
