"""Classified posts for the tests of events and warnings, built without models; the sentences are our own."""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from nlp.fingerprint import fingerprint
from nlp.segment import Segmenter
from schemas.records import ClassifiedPost, CleanPost, Facts, Label, Origin, Place

START = datetime(2026, 4, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
_SEGMENTER = Segmenter()


def estate(name: str) -> Place:
    """A named estate in 汀东区."""
    return Place(name, None, "estate", 0.8, f"云汀市/汀东区/{name}")


def classified(
    text: str,
    *,
    hours: float = 0,
    post_id: str | None = None,
    places: tuple[Place, ...] = (),
    author: str | None = None,
    complaint: str = "environment",
    incident: str = "none",
    facts: Facts | None = None,
    urgency: str = "normal",
    rumour: float = 0.1,
) -> ClassifiedPost:
    """One post, `hours` after the start; its author is somebody new unless named."""
    at = START + timedelta(hours=hours)
    name = post_id or sha256(f"{text}{hours}".encode()).hexdigest()[:24]
    origin = Origin(name, "1", "12345热线", at, at, author_hash=author or f"author of {name}")
    words = tuple(_SEGMENTER.segment(text))
    return ClassifiedPost(
        clean=CleanPost(origin, "", text, "zh"),
        words=words,
        complaint=Label(complaint, 0.8),
        incident=Label(incident, 0.9),
        rumour=Label("rumour" if rumour >= 0.5 else "not_rumour", rumour),
        urgency=urgency,
        places=places,
        facts=facts or Facts(),
        fingerprint=fingerprint(words),
    )


def titled(post: ClassifiedPost, title: str) -> ClassifiedPost:
    """The same post with a title."""
    return replace(post, clean=replace(post.clean, title=title))
