"""The composer's budget: how many answers were worded for an asker on a day

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "composer_uses",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asker", sa.String(length=64), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "asker", name=op.f("pk_composer_uses")),
    )


def downgrade() -> None:
    op.drop_table("composer_uses")
