"""Cleaning: a post as the web gives it becomes readable, simplified, masked text, and its fields."""

import re
from collections.abc import Callable, Sequence
from functools import partial

from nlp import clean_characters as characters
from nlp import clean_social as social
from nlp import clean_web as web
from nlp.batches import SEPARATOR, CharacterGates, Gate, TextBatch, list_matching
from nlp.clean_offsets import Traced, begin_trace
from nlp.clean_pages import is_joined
from nlp.clean_social import EMOJI, Fields
from nlp.clean_spam import GATE as SPAM_GATE
from nlp.clean_spam import is_spam
from nlp.mask import mask_text
from nlp.mask_patterns import GATES as PERSONAL_GATES
from schemas.records import CleanPost, Heat, JsonScalar, RawPost

_SIMPLIFIER = characters.Simplifier()
_ROUNDS = 8
Rule = Callable[[str], str]

# What any step of cleaning could begin with; a text without it needs none of them.
_SUSPECT = re.compile(
    "[\x00-\x1f\x7f-\xaf\xb2-\xb6\xb8-\xd6\xd8-\xff\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff"
    f"０-９Ａ-Ｚａ-ｚ＠＃％＋－／＆＿．＊＝＜＞&<@#\\[\ufff9-\ufffc\U000e0000-\U000e0fff{EMOJI}"
    f"{re.escape(characters.UTF8_AS_GBK)}]"
)
_PINYIN = "abcdefghijklmnopqrstuvwxyzāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüɑ"
_RUBY = re.compile(f"[(（][{_PINYIN}]")
_SUSPECT_WORDS = ("  ", "http", "www.", ".cn/", *web.LINK_TEXTS)
_FOREIGN = re.compile("[\u0400-\u04ff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")

# Gates of a whole batch, in the order of their bits: what a rule could change (characters and words, pinyin),
# what could be personal (three gates), words of advertising, other scripts.
_GATES = CharacterGates((
    Gate.of_words(_SUSPECT_WORDS, list_matching(_SUSPECT) + list_matching(_SIMPLIFIER.traditional)),
    Gate(firsts="(（", seconds=_PINYIN),
    *PERSONAL_GATES,
    SPAM_GATE,
    Gate(list_matching(_FOREIGN)),
))  # fmt: skip
_UNCLEAN, _PERSONAL, _SPAM, _OTHER_SCRIPT = 0b0000011, 0b0011100, 0b0100000, 0b1000000
_SPACES = re.compile(r"[ \t]+")
_AROUND_LINES = re.compile(r" ?\n[ \n]*")
_HEAT = ("likes", "reposts", "comments")
_NO_HEAT = Heat()


def clean_posts(posts: Sequence[RawPost]) -> list[CleanPost]:
    """Each post cleaned as `clean_post` does; those with nothing to clean cost a tenth."""
    if not posts:
        return []
    gates = _GATES.find_open(TextBatch.of([f"{post.title}{SEPARATOR}{post.body}" for post in posts]))
    return [_keep_or_clean(post, opened) for post, opened in zip(posts, gates, strict=True)]


def clean_post(post: RawPost) -> CleanPost:
    """The post with title and text cleaned and masked.

    Topics, names, URLs and feelings (`[泪]`, emoji) stand in their fields. Flags: `mojibake_repaired`, `cut`
    (a part of the post only), `joined_pages` (several pages run together), `spam` (advertising or adult;
    flagged, not dropped), `empty`.
    """
    fields = Fields()
    title, title_flags = _clean_fully(post.title, fields)
    text, flags = _clean_fully(post.body, fields)
    flags |= title_flags
    if is_spam(f"{title}\n{text}"):
        flags.add("spam")
    if not title and not text:
        flags.add("empty")
    return CleanPost(
        origin=post.origin,
        title=title,
        text=text,
        language=tell_language(text or title),
        flags=tuple(sorted(flags)),
        topics=tuple(map(mask_text, fields.topics)),
        mentions=tuple(map(mask_text, fields.mentions)),
        urls=tuple(map(mask_text, fields.urls)),
        feelings=tuple(fields.feelings),
        heat=_read_heat(post),
    )


def _keep_or_clean(post: RawPost, opened: int) -> CleanPost:
    """The post as it is where no rule could change it."""
    title, text = post.title, post.body
    if opened & _UNCLEAN or not (_is_bare(title) and _is_bare(text) and (title or text)):
        return clean_post(post)
    if opened & _PERSONAL and (mask_text(title) != title or mask_text(text) != text):
        return clean_post(post)
    flags = ("spam",) if opened & _SPAM and is_spam(f"{title}\n{text}") else ()
    language = tell_language(text or title, could_be_foreign=bool(opened & _OTHER_SCRIPT))
    return CleanPost(post.origin, title, text, language, flags, heat=_read_heat(post))


def _is_bare(text: str) -> bool:
    """Whether a text without anything suspect also begins, ends and goes on as a clean one does."""
    return text == text.strip() and not web.drop_tail(text)[1] and web.drop_doubled(text) == text


def clean_text(text: str) -> str:
    """The readable, simplified, masked text. Cleaning twice changes nothing.

    >>> clean_text("社區(qū)應(yīng)急<br/>請拨１３８００１３８０００[泪] 查看全文")
    '社区应急\\n请拨138****8000'
    """
    return _clean_fully(text, Fields())[0]


def tell_language(text: str, *, could_be_foreign: bool = True) -> str:
    """`zh` when at least three in ten characters are Chinese, otherwise `other`."""
    wide = (len(text.encode("utf-8", "replace")) - len(text)) // 2
    if not wide >= 0.3 * len(text) > 0:
        return "other"
    return "other" if could_be_foreign and len(_FOREIGN.findall(text)) >= 0.3 * len(text) else "zh"


def _clean_fully(text: str, fields: Fields) -> tuple[str, set[str]]:
    flags: set[str] = set()
    for _ in range(_ROUNDS):
        before = text
        text = mask_text(_clean_once(text, fields, flags))
        if text == before:
            break
    return text, flags


def _clean_once(text: str, fields: Fields, flags: set[str]) -> str:
    if _is_suspect(text):
        for rule in _list_rules(fields, flags):
            text = rule(text)
    text = _SIMPLIFIER.simplify(text).strip()
    return web.drop_doubled(_drop_tail(text, flags))


def clean_with_offsets(text: str) -> Traced:
    """What `clean_text` gives, with the place of each character in the raw text.

    >>> clean_with_offsets("社區(qū)停水").places
    (0, 1, 6, 7)
    """
    fields, flags = Fields(), set[str]()
    last: tuple[Rule, ...] = (
        _SIMPLIFIER.simplify, str.strip, partial(_drop_tail, flags=flags), web.drop_doubled, mask_text,
    )  # fmt: skip
    traced = begin_trace(text)
    for _ in range(_ROUNDS):
        before = traced.text
        for rule in (*(_list_rules(fields, flags) if _is_suspect(before) else ()), *last):
            traced = traced.follow(rule(traced.text))
        if traced.text == before:
            break
    return traced


def _list_rules(fields: Fields, flags: set[str]) -> tuple[Rule, ...]:
    """The rules for a text that has something to clean, in their order."""
    return (
        partial(_repair_mojibake, flags=flags),
        characters.drop_invisible,
        characters.narrow_characters,
        _read_markup,
        partial(web.drop_ruby, is_traditional=_SIMPLIFIER.traditional),
        _narrow_spaces,
        partial(_note_joints, flags=flags),
        web.drop_lines,
        partial(social.take_links, fields=fields),
        partial(social.take_names, fields=fields),
        partial(social.take_topics, fields=fields),
        partial(social.take_feelings, fields=fields),
        partial(social.take_emoji, fields=fields),
        web.drop_link_texts,
        _narrow_spaces,
    )


def _is_suspect(text: str) -> bool:
    if _SUSPECT.search(text) or _RUBY.search(text):
        return True
    for word in _SUSPECT_WORDS:  # noqa: SIM110 - a generator costs as much as the looking
        if word in text:
            return True
    return False


def _repair_mojibake(text: str, flags: set[str]) -> str:
    repaired = characters.repair_mojibake(text)
    if repaired != text:
        flags.add("mojibake_repaired")
    return repaired


def _note_joints(text: str, flags: set[str]) -> str:
    if is_joined(text):
        flags.add("joined_pages")
    return text


def _read_markup(text: str) -> str:
    if "<" not in text and "&" not in text:
        return text
    return characters.narrow_characters(characters.drop_invisible(web.drop_markup(web.read_page(text))))


def _narrow_spaces(text: str) -> str:
    return _AROUND_LINES.sub("\n", _SPACES.sub(" ", text))


def _drop_tail(text: str, flags: set[str]) -> str:
    text, cut = web.drop_tail(text)
    if cut:
        flags.add("cut")
    return text


def _read_heat(post: RawPost) -> Heat:
    if post.extra.keys().isdisjoint(_HEAT):
        return _NO_HEAT
    count = partial(_read_count, post.extra)
    return Heat(*map(count, _HEAT))


def _read_count(extra: object, name: str) -> int | None:
    value: JsonScalar = extra.get(name) if isinstance(extra, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
