"""The output lines of `enrich`: one classified post as one JSON object."""

import orjson

from nlp.core import full_text
from schemas.records import ClassifiedPost, JsonScalar, Label
from schemas.taxonomy.labels import label_zh


def enrich_line(post: ClassifiedPost, given_id: JsonScalar = None) -> bytes:
    """The fields that README describes, UTF-8, ended by a line break.

    `id` is the input's own where it had one, otherwise the post's; `text` is clean and masked, title and
    body. Labels carry the taxonomy's name and its Chinese one; times are ISO 8601 with their zone; a fact
    that is not stated is null.
    """
    return orjson.dumps(
        {
            "id": post.origin.id if given_id is None else given_id,
            "text": full_text(post.clean),
            "words": post.words,
            "complaint": _label("complaint", post.complaint),
            "incident": _label("incident", post.incident),
            "rumour": {"probability": post.rumour.probability, "words": post.rumour.words},
            "urgency": post.urgency,
            "places": [
                {"name": one.name, "code": one.code, "level": one.level, "score": one.score}
                for one in post.places
            ],
            "facts": post.facts,
            "fingerprint": post.fingerprint,
            "title": post.clean.title,
            "source": post.origin.source,
            "time": post.origin.published_at,
            "url": post.origin.url,
            "flags": post.clean.flags,
            "topics": post.clean.topics,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _label(family: str, label: Label) -> dict[str, object]:
    return {
        "label": label.name,
        "label_zh": label_zh(f"{family}.{label.name}"),
        "probability": label.probability,
        "words": label.words,
    }
