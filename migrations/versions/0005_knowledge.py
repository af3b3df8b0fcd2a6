"""Knowledge: formats, pages and tables of documents; what documents say of each other; origin of typical questions

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RELATION_INDEXES = ("document_id", "target_id", "number_key", "title_key")
_NUMBERS = ("version", "revision", "title_key", "number_key")
_LISTS = ("pages", "unread_pages", "missing", "warnings")


def upgrade() -> None:
    _create_relations()
    _create_sketches()
    op.execute(
        "INSERT INTO library_revision (id, revision) SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM library_revision)"
    )
    with op.batch_alter_table("documents", schema=None) as batch:
        batch.add_column(sa.Column("format", sa.String(length=12), nullable=False, server_default="text"))
        batch.add_column(sa.Column("file_name", sa.String(length=300), nullable=True))
        batch.add_column(sa.Column("status", sa.String(length=10), nullable=False, server_default="ready"))
        batch.add_column(sa.Column("tables", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("number_key", sa.String(length=100), nullable=False, server_default=""))
        batch.add_column(sa.Column("title_key", sa.String(length=300), nullable=False, server_default=""))
        batch.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        for name in _LISTS:
            batch.add_column(sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
        batch.create_index(op.f("ix_documents_number_key"), ["number_key"], unique=False)
        batch.create_index(op.f("ix_documents_title_key"), ["title_key"], unique=False)
        batch.create_index(op.f("ix_documents_revision"), ["revision"], unique=False)
    with op.batch_alter_table("clauses", schema=None) as batch:
        batch.add_column(sa.Column("page", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("context", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("topics", schema=None) as batch:
        batch.add_column(sa.Column("origin", sa.String(length=10), nullable=False, server_default="built_in"))
        batch.add_column(sa.Column("review", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("answer", sa.Text(), nullable=False, server_default=""))


def _create_relations() -> None:
    op.create_table(
        "document_relations",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.String(length=80), nullable=True),
        sa.Column("target_number", sa.String(length=100), nullable=True),
        sa.Column("target_title", sa.String(length=300), nullable=True),
        sa.Column("number_key", sa.String(length=100), nullable=False),
        sa.Column("title_key", sa.String(length=300), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_relations_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["documents.id"], name=op.f("fk_document_relations_target_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_relations")),
    )
    for name in _RELATION_INDEXES:
        op.create_index(op.f(f"ix_document_relations_{name}"), "document_relations", [name], unique=False)


def _create_sketches() -> None:
    op.create_table(
        "document_sketches",
        sa.Column("document_id", sa.String(length=80), nullable=False),
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_sketches_document_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "band", name=op.f("pk_document_sketches")),
    )
    op.create_index(op.f("ix_document_sketches_value"), "document_sketches", ["value"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("topics", schema=None) as batch:
        batch.drop_column("answer")
        batch.drop_column("review")
        batch.drop_column("origin")
    with op.batch_alter_table("clauses", schema=None) as batch:
        batch.drop_column("context")
        batch.drop_column("page")
    with op.batch_alter_table("documents", schema=None) as batch:
        batch.drop_index(op.f("ix_documents_revision"))
        batch.drop_index(op.f("ix_documents_title_key"))
        batch.drop_index(op.f("ix_documents_number_key"))
        for name in (*_NUMBERS, *reversed(_LISTS), "tables", "status", "file_name", "format"):
            batch.drop_column(name)
    op.drop_index(op.f("ix_document_sketches_value"), table_name="document_sketches")
    op.drop_table("document_sketches")
    for name in reversed(_RELATION_INDEXES):
        op.drop_index(op.f(f"ix_document_relations_{name}"), table_name="document_relations")
    op.drop_table("document_relations")
