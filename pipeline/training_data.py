"""Reading the files that models are trained and measured on: rows of known shapes, cleaned and segmented."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from nlp.author import Author
from nlp.clean import clean_post, clean_text
from nlp.emotion import NEUTRAL, EmotionSigns
from nlp.segment import Segmenter
from nlp.spread import Repost
from nlp.training.cards import Source
from nlp.training.complaint import OTHER, Message
from nlp.training.emotion import Said
from nlp.training.rumour import Claim
from nlp.training.sources import Terms, plain_complaints, plain_reports
from nlp.training.splits import hash_text
from schemas.errors import ReadError, Where, one_of
from schemas.records import Origin, RawPost
from schemas.taxonomy.labels import load_families
from schemas.times import parse_time

_RUMOUR_LABELS = {
    "rumor": True,
    "non-rumor": False,
    "rumour": True,
    "not_rumour": False,
    "1": True,
    "0": False,
}


# As many words as a short post has, and as many as say what a long one feels.
_SHORT, _LONG = 30, 60
# What a hotline message counts beside a post that was judged, for a rumour and for an emotion.
_TOLD_WEIGHT, _CALM_WEIGHT = 0.6, 0.3
# What an own plain report counts: few stand against thousands of posts whose incidents are mostly rumours.
_PLAIN_WEIGHT = 1.2
# Families whose own example sentences tell of something real.
_PLAIN_FAMILIES = ("incident", "complaint")
# What a profile must tell, `time` being the second since 1970 in which the account began; and the kinds of
# verified accounts that Weibo numbers as offices, firms, media and the like.
_PROFILE = ("verified", "verified_type", "followers", "friends", "messages", "time")
_ORGANISATIONS = range(1, 8)
_DAY = 86_400
_UNTIMED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of rows: its name (without .jsonl.gz) and its rows, each with where it stands."""

    name: str
    sha256: str
    rows: tuple[tuple[Where, dict[str, Any]], ...]

    def source(self, terms: Terms) -> Source:
        """What the card says of this file."""
        use, owner_terms = terms.of(self.name)
        return Source(self.name, self.sha256, len(self.rows), use, owner_terms)


def read_files(paths: Sequence[Path]) -> list[DataFile]:
    """The JSONL(.gz) files named, and those in the folders named, in order of their names. Raises
    ReadError."""
    return [read_file(path) for path in _expand(paths)]


def read_file(path: Path) -> DataFile:
    """One JSONL(.gz) file. Raises ReadError with the line that is no JSON object."""
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    rows = tuple(
        (where, _read_row(line, where))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and (where := Where(str(path), number))
    )
    return DataFile(path.name.removesuffix(".gz").removesuffix(".jsonl"), sha256(data).hexdigest(), rows)


def read_messages(files: Sequence[DataFile], segmenter: Segmenter, every: Mapping[str, int]) -> list[Message]:
    """The labelled messages: raw ones (`text` or `title` and `detail`) and segmented ones (`seg_text`).

    Of a file named in `every` each so manieth row is one, as `other`.
    """
    labels = {label.zh: name for name, label in load_families()["complaint"].labels.items()}
    messages: list[Message] = []
    for file in files:
        if file.name in every:
            messages += [_read_other(row, segmenter) for _, row in file.rows[:: every[file.name]]]
        else:
            messages += [
                _read_message(where, row, labels, segmenter) for where, row in file.rows if "label" in row
            ]
    return messages


def read_unlabelled(files: Sequence[DataFile], segmenter: Segmenter) -> list[list[str]]:
    """The words of every row that has no label."""
    return [
        _cut(_row_text(where, row), segmenter)
        for file in files
        for where, row in file.rows
        if "label" not in row
    ]


def read_claims(
    files: Sequence[DataFile], segmenter: Segmenter, timed: Sequence[str], every: Mapping[str, int]
) -> list[Claim]:
    """The posts labelled as rumour or not; those of files in `timed` may be put in order of time.

    Of a file named in `every` each so manieth row is one that is no rumour, and so is its beginning.
    """
    claims: list[Claim] = []
    for file in files:
        if file.name in every:
            told = [_cut(_row_text(where, row), segmenter) for where, row in file.rows[:: every[file.name]]]
            pieces = [*told, *(words[:_SHORT] for words in told)]
            claims += [_plain(words, _TOLD_WEIGHT) for words in pieces]
        else:
            claims += [_read_claim(where, row, file.name in timed, segmenter) for where, row in file.rows]
    return claims


def read_reports(files: Sequence[DataFile]) -> list[tuple[str, str]]:
    """Reports of incidents: the cleaned text, and the kind by its name in the taxonomy. Raises ReadError."""
    by_zh = {label.zh: name for name, label in load_families()["incident"].labels.items()}
    reports = []
    for where, row in (row for file in files for row in file.rows):
        said = str(row.get("label"))
        name = by_zh.get(said, said)
        if name not in by_zh.values():
            raise ReadError(where, "label", row.get("label"), one_of(by_zh))
        text = "\n".join(str(row[key]) for key in ("title", "text") if row.get(key)) or _row_text(where, row)
        reports.append((clean_text(text), name))
    return reports


def read_said(files: Sequence[DataFile], segmenter: Segmenter, every: Mapping[str, int]) -> list[Said]:
    """The posts labelled with an emotion or `neutral`, each with the signs that its text shows.

    Of a file named in `every` each so manieth row without such a sign is one that is neutral.
    """
    family, said = load_families()["emotion"], list[Said]()
    signs, names = EmotionSigns(family), (*family.labels, NEUTRAL)
    for file in files:
        for where, row in file.rows[:: every.get(file.name, 1)]:
            text = _row_text(where, row)
            words, shown = _read_signs(text, segmenter, signs)
            if file.name not in every:
                said.append(Said(words, _read_emotion(where, row, names), hash_text(text)))
            elif not shown:
                said.append(Said(words[:_LONG], NEUTRAL, hash_text(text), _CALM_WEIGHT, weak=True))
    return said


def _read_signs(text: str, segmenter: Segmenter, signs: EmotionSigns) -> tuple[Sequence[str], bool]:
    """A text's words with the signs behind them, and whether there are any."""
    clean = clean_post(RawPost(Origin("", "", "train", _UNTIMED), "", text))
    words, shown = segmenter.segment(clean.text), signs.judge_hits(signs.phrases.find(clean.text))
    return signs.add_signs(words, clean.feelings, shown), bool(clean.feelings or shown)


def _read_emotion(where: Where, row: dict[str, Any], names: Sequence[str]) -> str:
    if row.get("label") not in names:
        raise ReadError(where, "label", row.get("label"), one_of(names))
    return str(row["label"])


def is_spread(file: DataFile) -> bool:
    """Whether the rows of a file are reposts: `post` (an id) and `reposts` (time and text each)."""
    return all("post" in row and "reposts" in row for _, row in file.rows)


def read_reposts(files: Sequence[DataFile], segmenter: Segmenter) -> dict[str, list[Repost]]:
    """The first reposts of each post, by its id. A time without a year is none."""
    return {
        str(row["post"]): [_read_repost(where, one, segmenter) for one in row["reposts"]]
        for file in files
        if is_spread(file)
        for where, row in file.rows
    }


def read_ids(files: Sequence[DataFile], every: Mapping[str, int]) -> list[str]:
    """The ids of the posts that `read_claims` reads, in its order; empty where it has none."""
    ids: list[str] = []
    for file in files:
        step = every.get(file.name)
        found = [str(row.get("id", "")) for _, row in file.rows[::step]]
        ids += [""] * (2 * len(found)) if step else found
    return ids


def _read_repost(where: Where, row: dict[str, Any], segmenter: Segmenter) -> Repost:
    text, time = row.get("text"), row.get("time")
    if not isinstance(text, str) or not isinstance(time, str):
        raise ReadError(where, "reposts", row, "time 与 text")
    at = parse_time(time, where, "time") if time[:4].isdigit() else None
    return Repost(segmenter.segment(text) if text.strip() else [], at)


def read_plain(segmenter: Segmenter) -> list[Claim]:
    """Own sentences that are no rumours: plain reports and denials, complaints and small talk, and the
    taxonomy's examples."""
    families = load_families()
    examples = [
        text
        for name in _PLAIN_FAMILIES
        for label in families[name].labels.values()
        for text in label.examples
    ]
    told = [*plain_reports(), *examples, *(text for text, _ in plain_complaints())]
    return [_plain(_cut(text, segmenter), _PLAIN_WEIGHT) for text in told]


def read_hints(segmenter: Segmenter) -> list[tuple[list[str], str]]:
    """The taxonomy's seed words and examples and own short sentences, each with the complaint it speaks
    for."""
    labels = load_families()["complaint"].labels
    seeds = [(seed.phrase, name) for name, label in labels.items() for seed in label.seeds]
    examples = [(text, name) for name, label in labels.items() for text in label.examples]
    return [(_cut(text, segmenter), name) for text, name in [*seeds, *examples, *plain_complaints()]]


def _plain(words: Sequence[str], weight: float) -> Claim:
    return Claim(words, rumour=False, time=_UNTIMED, timed=False, weight=weight)


def _expand(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.name.endswith((".jsonl", ".jsonl.gz")))
        else:
            yield path


def _read_row(line: bytes, where: Where) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ReadError(where, "JSON", line[:40], f"一行一个 JSON 对象（{error.msg}）") from error
    if not isinstance(row, dict):
        raise ReadError(where, "JSON", line[:40], "一行一个 JSON 对象")
    return row


def _read_message(where: Where, row: dict[str, Any], labels: dict[str, str], segmenter: Segmenter) -> Message:
    label = row["label"]
    name = labels.get(label, label)
    if name not in labels.values():
        raise ReadError(where, "label", label, one_of(labels))
    if "seg_text" in row:
        return Message(row["seg_text"].split(), name, hash_text(row["seg_text"]), raw=False)
    text = _row_text(where, row)
    return Message(_cut(text, segmenter), name, hash_text(text), raw=True)


def _read_other(row: dict[str, Any], segmenter: Segmenter) -> Message:
    text = row.get("title") or row.get("content") or ""
    return Message(_cut(text, segmenter), OTHER, hash_text(text), raw=True)


def _read_claim(where: Where, row: dict[str, Any], timed: bool, segmenter: Segmenter) -> Claim:
    label = str(row.get("label"))
    if label not in _RUMOUR_LABELS:
        raise ReadError(where, "label", row.get("label"), one_of(_RUMOUR_LABELS))
    time = row.get("time")
    if timed and not isinstance(time, str):
        raise ReadError(where, "time", time, "带时间的帖文")
    at = parse_time(time, where, "time") if isinstance(time, str) else _UNTIMED
    words = _cut(_row_text(where, row), segmenter)
    return Claim(words, _RUMOUR_LABELS[label], at, timed, author=_read_author(row.get("user"), at))


def _read_author(user: object, at: datetime) -> Author | None:
    """The profile under `user`, as CED gives it; None where one of its numbers is missing."""
    if not isinstance(user, dict) or not all(isinstance(user.get(name), int) for name in _PROFILE):
        return None
    return Author(
        verified=bool(user["verified"]),
        organisation=user["verified_type"] in _ORGANISATIONS,
        followers=user["followers"],
        friends=user["friends"],
        messages=user["messages"],
        days=(at.timestamp() - user["time"]) / _DAY,
    )


def _row_text(where: Where, row: dict[str, Any]) -> str:
    """The text of a row: `text`, or `title` and `detail`/`content`/`body` joined by a line break."""
    if row.get("text"):
        return str(row["text"])
    body = next((row[name] for name in ("detail", "content", "body") if row.get(name)), "")
    text = "\n".join(part for part in (row.get("title"), body) if part)
    if not text:
        raise ReadError(where, "text", None, "text，或 title 与 detail、content、body")
    return text


def _cut(text: str, segmenter: Segmenter) -> list[str]:
    return segmenter.segment(clean_text(text))
