"""Which characters a document may hold."""

import re

# XML 1.0 section 2.2: what is no Char must not stand in a document, not even escaped.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text without control characters and halves of characters, which neither XML nor UTF-8 can hold.

    >>> xml_text("煤气\\x00味")
    '煤气味'
    """
    return _NO_CHARACTER.sub("", text)
