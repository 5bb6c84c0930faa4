"""The text core's words and thresholds: one YAML file beside this module for each step that needs any."""

from pathlib import Path

from schemas.reading import Section, read_yaml


def read_knowledge(name: str) -> Section:
    """The top of `nlp/knowledge/<name>.yml`. Raises ReadError with file and line where it is wrong."""
    return read_yaml(Path(__file__).parent / f"{name}.yml")
