"""Calls by the machine that the person, the carrier or a filter turns away are an end of their own."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ENDS = "'answered', 'no_input', 'wrong_key', 'hung_up', 'machine', 'fax', 'busy', 'no_answer', 'dead', 'failed', 'cancelled'"
_NAME = "ck_automatic_call_came_to_known"


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on, and calls such a call failed."""
    _know(f"{_ENDS}, 'rejected'")


def downgrade() -> None:
    """The calls that were made stay as they are."""
    _know(_ENDS, validated=False)


def _know(ends: str, *, validated: bool = True) -> None:
    op.drop_constraint(op.f(_NAME), "automatic_call")
    op.create_check_constraint(
        op.f(_NAME), "automatic_call", f"came_to IN ({ends})", postgresql_not_valid=not validated
    )
