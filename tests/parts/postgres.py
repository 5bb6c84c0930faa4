"""The PostgreSQL of `qianshao dev`, by the name under which the tests know it."""

from pipeline.dev.postgres import Postgres, install_postgres

__all__ = ["Postgres", "install_postgres"]
