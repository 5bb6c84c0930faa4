"""The keys of sources, out of Airflow's connections."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.sdk import Connection


def source_keys(
    find_connection: "Callable[[str], Connection | None]", sources: "Path | None"
) -> "dict[str, dict[str, str]]":
    """The setting `source_keys`: the passwords of the connections `qianshao_source_<name>` that there are."""
    from crawlers.discovery import read_sources

    names = {key.secret for source in read_sources(sources)[0] for key in source.needs}
    found = {name: find_connection(f"qianshao_source_{name}") for name in sorted(names)}
    keys = {name: one.password for name, one in found.items() if one is not None and one.password}
    return {"source_keys": keys} if keys else {}
