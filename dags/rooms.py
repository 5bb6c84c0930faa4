"""Airflow connections to our settings: the only place where the DAGs learn of addresses and secrets.

`qianshao_database` (its host, login and schema, or a full URL in extra `url`), `qianshao_elasticsearch`,
`qianshao_smtp`, `qianshao_source_<name>` (keys.py). One that is not defined leaves the settings as they are.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from airflow.sdk import Connection

    from pipeline.rooms import Rooms


def find_connection(name: str) -> "Connection | None":
    """The Airflow connection of that id, or None where it is not defined."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return None


def database_settings(connection: "Connection") -> dict[str, Any]:
    """The database URL of a connection: extra `url` as it stands, otherwise PostgreSQL from its fields."""
    from sqlalchemy import URL

    if "url" in connection.extra_dejson:
        return {"database_url": connection.extra_dejson["url"]}
    url = URL.create(
        "postgresql+psycopg",
        connection.login,
        connection.password,
        connection.host,
        connection.port,
        connection.schema,
    )
    return {"database_url": url.render_as_string(hide_password=False)}


def elasticsearch_settings(connection: "Connection") -> dict[str, Any]:
    """Elasticsearch: schema, host, port, and login with password or extra `api_key`."""
    address = f"{connection.schema or 'http'}://{connection.host}:{connection.port or 9200}"
    key = {"elasticsearch_api_key": connection.extra_dejson.get("api_key")}
    user = {"elasticsearch_user": connection.login, "elasticsearch_password": connection.password}
    return {"elasticsearch_url": address, **key, **user}


def smtp_settings(connection: "Connection") -> dict[str, Any]:
    """SMTP: host, port, login, password, and extra `security` (none, starttls or ssl) and `from_email`."""
    extra = connection.extra_dejson
    named = {"smtp_security": extra.get("security"), "mail_sender": extra.get("from_email")}
    found = {"smtp_host": connection.host, "smtp_port": connection.port}
    return found | named | {"smtp_user": connection.login, "smtp_password": connection.password}


READERS = {
    "qianshao_database": database_settings,
    "qianshao_elasticsearch": elasticsearch_settings,
    "qianshao_smtp": smtp_settings,
}


def open_airflow_rooms() -> "AbstractContextManager[Rooms]":
    """The rooms of this deployment as Airflow's connections and the settings describe them."""
    from dags.keys import source_keys
    from pipeline.rooms import open_rooms
    from pipeline.settings import load_settings

    given: dict[str, Any] = {}
    for name, read in READERS.items():
        connection = find_connection(name)
        if connection is not None:
            given |= {key: value for key, value in read(connection).items() if value is not None}
    given |= source_keys(find_connection, load_settings(**given).sources)
    return open_rooms(load_settings(**given))
