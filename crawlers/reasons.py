"""Why something was not collected: one word a kind, which coverage counts by (reasons.yml)."""

import re
from functools import cache
from pathlib import Path

from schemas.reading import read_yaml

OTHER = "别的原因"
_FILE = Path(__file__).with_name("reasons.yml")
_TURNED = re.compile(r"（转到 .*）$")
_PLACE = re.compile(r"^(?!来源文件出错)(?:第 \d+ 条：)?(?:https?://\S+|\S[^：=]*?(?::\d+)?): ")


@cache
def reason_words() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Every word with the patterns of what it stands for, in the order they are tried."""
    top = read_yaml(_FILE)
    return {word: tuple(re.compile(pattern) for pattern in top.texts(word, least=1)) for word in top.names()}


def reason_of(reason: str) -> str:
    """The word for what a quarantined record tells: neither its address nor its value counts.

    >>> reason_of("http://h/1: title = '停水：应为 非空'：应为 非空标题"), reason_of("HTTP 503（服务器出错）")
    ('缺标题或正文', '服务器出错')
    """
    told = _plain(reason)
    found = (word for word, patterns in reason_words().items() if any(one.search(told) for one in patterns))
    return next(found, OTHER)


def _plain(reason: str) -> str:
    """`field：allowed` of a ReadError, else the words without their place."""
    text = _TURNED.sub("", reason)
    while found := _PLACE.match(text):
        text = text[found.end() :]
    field, refused, rest = text.partition(" = ")
    allowed = rest.rpartition("：应为 ")[2]
    return f"{field}：{allowed}" if refused and "：应为 " in rest else text
