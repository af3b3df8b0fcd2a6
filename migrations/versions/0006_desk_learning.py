"""Desk learning: groups of open questions, votes on answers, built-in typical questions that staff changed

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_groups()
    with op.batch_alter_table("open_questions", schema=None) as batch:
        batch.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("key", sa.String(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("vector", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("model", sa.String(length=120), nullable=True))
        batch.add_column(sa.Column("answered_at", UtcDateTime(), nullable=True))
    _group_what_is_there()
    with op.batch_alter_table("open_questions", schema=None) as batch:
        batch.alter_column("group_id", existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(
            op.f("fk_open_questions_group_id"), "question_groups", ["group_id"], ["id"], ondelete="CASCADE"
        )
        batch.create_index(op.f("ix_open_questions_group_id"), ["group_id"], unique=False)
        batch.create_index(op.f("ix_open_questions_key"), ["key"], unique=False)
    _create_votes()
    _create_overrides()


def _create_groups() -> None:
    op.create_table(
        "question_groups",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("dismissed_as", sa.String(length=20), nullable=True),
        sa.Column("newest_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("document_id", sa.String(length=80), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_question_groups_document_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_groups")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_question_groups_newest_id"), "question_groups", ["newest_id"], unique=False)
    op.create_index(op.f("ix_question_groups_settled_at"), "question_groups", ["settled_at"], unique=False)


def _group_what_is_there() -> None:
    """Every question of before becomes a group of its own; what was answered stays so."""
    answered = "EXISTS (SELECT 1 FROM deliveries d WHERE d.topic = 'question:' || CAST(q.id AS VARCHAR(20)))"
    settled = "(SELECT MIN(d.created_at) FROM deliveries d WHERE d.topic = 'question:' || CAST(q.id AS VARCHAR(20)))"
    op.execute(
        "INSERT INTO question_groups (id, state, newest_id, version, answer, questions, quote, settled_at)"  # noqa: S608
        f" SELECT q.id, CASE WHEN {answered} THEN 'answered' ELSE 'open' END, q.id, 1, '', '[]', '', {settled}"
        " FROM open_questions q"
    )
    op.execute(f"UPDATE open_questions AS q SET group_id = q.id, answered_at = {settled}")  # noqa: S608
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('question_groups', 'id'),"
            " COALESCE((SELECT MAX(id) FROM question_groups), 0) + 1, false)"
        )


def _create_votes() -> None:
    op.create_table(
        "answer_votes",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("ref", sa.String(length=32), nullable=False),
        sa.Column("vote", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("cited", sa.JSON(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("voted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["open_questions.id"], name=op.f("fk_answer_votes_question_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_votes")),
        sa.UniqueConstraint("channel", "address", "ref", name=op.f("uq_answer_votes_channel_address_ref")),
    )
    op.create_index("ix_answer_votes_vote_voted_at", "answer_votes", ["vote", "voted_at"], unique=False)


def _create_overrides() -> None:
    op.create_table(
        "faq_overrides",
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_faq_overrides_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "name", name=op.f("pk_faq_overrides")),
    )


def downgrade() -> None:
    op.drop_table("faq_overrides")
    op.drop_index("ix_answer_votes_vote_voted_at", table_name="answer_votes")
    op.drop_table("answer_votes")
    with op.batch_alter_table("open_questions", schema=None) as batch:
        batch.drop_index(op.f("ix_open_questions_key"))
        batch.drop_index(op.f("ix_open_questions_group_id"))
        batch.drop_constraint(op.f("fk_open_questions_group_id"), type_="foreignkey")
        for name in ("answered_at", "model", "vector", "key", "group_id"):
            batch.drop_column(name)
    op.drop_index(op.f("ix_question_groups_settled_at"), table_name="question_groups")
    op.drop_index(op.f("ix_question_groups_newest_id"), table_name="question_groups")
    op.drop_table("question_groups")
