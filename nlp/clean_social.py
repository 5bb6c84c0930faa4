"""Cleaning of what social media put into a text: links, names, topics, feelings, repost chains."""

import re
from dataclasses import dataclass, field

from nlp.knowledge import read_knowledge

_KEPT_TAGS = frozenset(read_knowledge("clean").texts("kept_tags", 1))

_NAME = r"[\w\-·一-鿿]{1,30}"
_REPOST = re.compile(rf"//\s*@({_NAME})\s*[:：]|//\s*@({_NAME})|^\s*回复\s*@({_NAME})\s*[:：]")
_MENTION = re.compile(rf"(?:@(?=[一-鿿])|(?<![A-Za-z0-9_.*\-])@)({_NAME})[:：]?")
_TOPIC = re.compile(r"(?<![A-Za-z0-9])#([^#\n@]{1,40})#(?![楼栋幢座])")
_TAG = re.compile(r"\[([^\[\]\s]{1,8})\]")
_FEELING = re.compile(r"/?[一-鿿A-Za-z]*[一-鿿][一-鿿A-Za-z0-9]*|(?i:good|doge|ok|no|cp|/cp|haha|v5)")
_URL = re.compile(
    r"https?://[\x21-\x7e]*|(?<![A-Za-z0-9@.])(?:www\.[\x21-\x7e]+|(?:t\.cn|url\.cn|dwz\.cn|sinaurl\.cn)/[A-Za-z0-9]+)",
    re.IGNORECASE,
)
EMOJI = "\U0001f000-\U0001faff\u2300-\u23ff\u2600-\u2604\u2607-\u27bf\u2b00-\u2bff\u20e3\u200d\ufe0f"
_EMOJI = re.compile(f"[{EMOJI}]+")
# Parts of an emoji that say nothing by themselves: joiners, variants, skin tones.
_EMOJI_PARTS = re.compile("[\u200d\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


@dataclass(slots=True)
class Fields:
    """What is taken out of a text, each once, in the order of the text."""

    topics: dict[str, None] = field(default_factory=dict)
    mentions: dict[str, None] = field(default_factory=dict)
    urls: dict[str, None] = field(default_factory=dict)
    feelings: dict[str, None] = field(default_factory=dict)


def take_links(text: str, fields: Fields) -> str:
    """The text without its URLs, which go into the fields."""

    def take(match: re.Match[str]) -> str:
        url = match[0].rstrip(".,;:!?)]}'\"")
        fields.urls[url] = None
        return " " + match[0][len(url) :]

    return _URL.sub(take, text)


def take_names(text: str, fields: Fields) -> str:
    """The text without @names and without the `//@name:` of repost chains; the reposted words stay."""
    if "@" not in text:
        return text

    def take(match: re.Match[str]) -> str:
        fields.mentions[match[match.lastindex or 1]] = None
        return " "

    return _MENTION.sub(take, _REPOST.sub(take, text))


def take_topics(text: str, fields: Fields) -> str:
    """The text with `#topic#` as plain words; `3#楼和5#楼` is no topic."""
    if "#" not in text:
        return text

    def take(match: re.Match[str]) -> str:
        topic = match[1].strip()
        if topic:
            fields.topics[topic] = None
        return f" {topic} "

    return _TOPIC.sub(take, text)


def take_feelings(text: str, fields: Fields) -> str:
    """Without `[泪]`, `[doge]` and other feelings in brackets, which go into the fields; `[求助]`, `[紧急]`
    and their like stay."""
    if "[" not in text:
        return text

    def take(tag: re.Match[str]) -> str:
        if tag[1] in _KEPT_TAGS or not _FEELING.fullmatch(tag[1]):
            return tag[0]
        fields.feelings[tag[1]] = None
        return " "

    return _TAG.sub(take, text)


def take_emoji(text: str, fields: Fields) -> str:
    """Without emoji, which go into the fields."""

    def take(run: re.Match[str]) -> str:
        fields.feelings.update(dict.fromkeys(_EMOJI_PARTS.sub("", run[0])))
        return " "

    return _EMOJI.sub(take, text)
