"""The output lines of `enrich`: one classified post as one JSON object."""

from functools import cache

import orjson

from nlp.core import full_text
from schemas.records import ClassifiedPost, Facts, JsonScalar, Label
from schemas.taxonomy.details import detail_zh
from schemas.taxonomy.labels import label_zh


def enrich_line(
    post: ClassifiedPost, given_id: JsonScalar = None, rebuttal: tuple[str, float] | None = None
) -> bytes:
    """The fields that README describes, UTF-8, ended by a line break.

    `id` is the input's own where it had one, otherwise the post's; `text` is clean and masked, title and
    body. Labels carry the taxonomy's name and its Chinese one; times are ISO 8601 with their zone; a fact
    that is not stated is null; `spans` tells where in `text` the others stand.
    `rebuttal` is the title and score of the official one that speaks of what the post says.
    """
    clean, origin = post.clean, post.clean.origin
    return orjson.dumps(
        {
            "id": origin.id if given_id is None else given_id,
            "text": full_text(clean),
            "words": post.words,
            "complaint": {**_label("complaint", post.complaint), "detail": _detail(post.detail)},
            "incident": _label("incident", post.incident),
            "rumour": {
                "probability": post.rumour.probability,
                "words": post.rumour.words,
                "rebuttal": None if rebuttal is None else {"title": rebuttal[0], "score": rebuttal[1]},
            },
            "urgency": post.urgency,
            "places": [
                {"name": one.name, "code": one.code, "level": one.level, "score": one.score}
                for one in post.places
            ],
            "facts": _facts(post.facts),
            "fingerprint": post.fingerprint,
            "title": clean.title,
            "source": origin.source,
            "time": origin.published_at,
            "url": origin.url,
            "flags": clean.flags,
            "topics": clean.topics,
            "needs": [_label("needs", one) for one in post.needs],
            "emotion": None if post.emotion is None else _label("emotion", post.emotion),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _facts(facts: Facts) -> dict[str, object]:
    return {
        "deaths": facts.deaths,
        "injured": facts.injured,
        "missing": facts.missing,
        "trapped": facts.trapped,
        "affected": facts.affected,
        "money": facts.money,
        "time": facts.time,
        "spans": {span.name: (span.start, span.end) for span in facts.spans},
    }


def _detail(detail: Label | None) -> dict[str, object] | None:
    """The second level of the complaint; null where it is not said."""
    if detail is None:
        return None
    return {
        "label": detail.name,
        "label_zh": detail_zh(detail.name),
        "probability": detail.probability,
        "words": detail.words,
    }


def _label(family: str, label: Label) -> dict[str, object]:
    return {
        "label": label.name,
        "label_zh": _zh(family, label.name),
        "probability": label.probability,
        "words": label.words,
    }


@cache
def _zh(family: str, name: str) -> str:
    return label_zh(f"{family}.{name}")
