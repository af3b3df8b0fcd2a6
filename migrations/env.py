"""Alembic's environment: the tables of every floor, on the connection that `qiban.database_setup` hands over."""

from __future__ import annotations

from alembic import context

import announcements.models  # noqa: F401
import firms.models  # noqa: F401
import knowledge.budget
import knowledge.desk_models  # noqa: F401
import matching.models  # noqa: F401
import messaging.models
import messaging.outbox  # noqa: F401
from core.database import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
