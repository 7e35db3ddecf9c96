"""Names are found by their beginning, however they are accented, and dwellings by that of their code."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FOLDED = (
    "lower(translate({}, 'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ', "
    "'AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyy'))"
)
NAMES = {"last_first": "last_name || ' ' || first_name", "first_last": "first_name || ' ' || last_name"}


def upgrade() -> None:
    """Adds only; a worker of the previous version goes on. The table of tenants is written anew: seconds for 100,000."""
    for column, names in NAMES.items():
        op.add_column("tenant", sa.Column(column, sa.Text(), sa.Computed(FOLDED.format(names), persisted=True)))
        op.execute(f"CREATE INDEX ix_tenant_{column} ON tenant ({column} text_pattern_ops) INCLUDE (household_id)")
    op.execute("CREATE INDEX ix_dwelling_code ON dwelling (lower(code) text_pattern_ops)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_dwelling_code")
    for column in NAMES:
        op.drop_column("tenant", column)
