"""Bridged calls that no worker ever asked the provider for are an end of their own."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ENDS = (
    "'bridge_talked', 'bridge_busy', 'bridge_no_answer', 'bridge_failed', 'bridge_not_picked_up', 'bridge_not_connected', "
    "'bridge_refused', 'bridge_lost'"
)
_NAME = "ck_bridged_call_came_to_known"


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on, and calls the end of such a call unknown. The web server is
    to be of this version when the workers are: the previous one cannot show this end."""
    _know(f"{_ENDS}, 'bridge_not_made'")


def downgrade() -> None:
    """The calls that are over stay as they are."""
    _know(_ENDS, validated=False)


def _know(ends: str, *, validated: bool = True) -> None:
    op.drop_constraint(op.f(_NAME), "bridged_call")
    op.create_check_constraint(op.f(_NAME), "bridged_call", f"came_to IN ({ends})", postgresql_not_valid=not validated)
