"""Who wrote something, as far as it is kept: a keyed hash or nothing."""

from schemas.posts import hash_author


def hash_of_author(author: str, key: bytes | None) -> str | None:
    """The hash of an author's name under the key; None where nobody is named, or without a key."""
    return hash_author(author.strip(), key) if key and author.strip() else None
