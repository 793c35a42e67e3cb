"""Run the migrations on the connection that store/engine.py hands over, in its transaction."""

from alembic import context

from tdcrawl.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
