"""Revisions of records that change without a new text: a reply that comes later, a state of work."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from schemas.records import RawPost


def revise(post: RawPost, names: Iterable[str]) -> RawPost:
    """The post with a revision that covers these of its extra fields too; unchanged where it has none.

    So a question without reply keeps the revision of its text, and the reply makes the next one.
    """
    said = [f"{name}={post.extra[name]}" for name in names if post.extra.get(name)]
    if not said:
        return post
    joined = "\0".join([post.origin.revision, *said])
    revision = hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return replace(post, origin=replace(post.origin, revision=revision))
