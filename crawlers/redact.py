"""Keeps secrets out of logs: user names, passwords and keys in addresses."""

import logging
import re

_LOGIN = re.compile(r"(?<=://)[^/\s@'\"]+@")
_KEY = re.compile(
    r"(?i)([?&;](?:[a-z0-9_.-]*(?:key|token|secret|passw(?:or)?d|pwd|sign(?:ature)?|auth|session|sid)[a-z0-9_-]*)=)[^&#\s'\">]+"
)


def redact(text: str) -> str:
    """The text with log-ins and key-like parameters of its addresses replaced by `***`.

    >>> redact("http://u:p@host/feed?page=2&api_key=abc")
    'http://***@host/feed?page=2&api_key=***'
    """
    return _KEY.sub(r"\1***", _LOGIN.sub("***@", text))


class RedactingFormatter(logging.Formatter):
    """Formats a record, tracebacks included, and redacts the outcome."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
