"""The words for what was not collected, and names that turn inside."""

import pytest
from scrapy.resolver import dnscache
from twisted.internet.error import DNSLookupError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from crawlers.charset import decode_text
from crawlers.network import PRIVATE, PublicResolver
from crawlers.reasons import OTHER, reason_of, reason_words
from schemas.errors import Where


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("超时（转到 http://h/x）", "超时"),
        ("http://h:80/1?a=b: title = '超时：应为 非空'：应为 非空标题", "缺标题或正文"),
        ("第 2 条：http://h/: at = '昨天吧'：应为 2026-01-31 08:00 一类的时间，不晚于现在", "时间读不懂"),
        ("工单 一.csv:3: 列数 = 5：应为 6", "列数不对"),
        ("工单（一）.csv:3: 引号没有闭合", "引号不对"),
        ("来源文件出错（demo.py:3）ValueError: x: 状态 = '办'：应为 甲、乙 之一", "来源文件出错"),
        ("HTTP 503（服务器出错）", "服务器出错"),
        ("HTTP 429（限流，要求等 60 秒）", "限流"),
        ("robots.txt 取不到（HTTP 503）", "robots.txt 取不到"),
        ("从没见过的事", OTHER),
    ],
)
def test_a_reason_has_one_word_whatever_its_value_says(reason: str, word: str) -> None:
    assert reason_of(reason) == word
    assert word in {*reason_words(), OTHER}


def test_every_answer_of_a_name_server_is_checked_a_remembered_one_too() -> None:
    resolver = PublicResolver(MemoryReactorClock(), 10, 5.0)  # type: ignore[arg-type, no-untyped-call]
    told: list[object] = []
    try:
        for answer in ("202.106.0.20", "127.0.0.1", "169.254.169.254", "202.106.0.20"):
            dnscache["turning.example"] = answer
            resolver.getHostByName("turning.example").addBoth(told.append)
    finally:
        dnscache.pop("turning.example", None)
    assert (told[0], told[3]) == ("202.106.0.20", "202.106.0.20")
    for refused in told[1:3]:
        assert isinstance(refused, Failure)
        assert isinstance(refused.value, DNSLookupError)
        assert PRIVATE in str(refused.value)


CHINESE = "今天上午河口街道的居民说，自来水里有怪味，街道办已经派人来看。"
TRADITIONAL = "今天上午河口街道的居民說，自來水裡有怪味，街道辦已經派人來看。"


@pytest.mark.parametrize("meta", ["utf-8", "big5", "gb2312", "shift_jis", "windows-1251"])
@pytest.mark.parametrize("header", ["utf-8", "big5", "gbk", "euc-jp", "iso-8859-1", ""])
@pytest.mark.parametrize(
    ("encoding", "text"), [("gb18030", CHINESE), ("big5hkscs", TRADITIONAL), ("utf-8", CHINESE)]
)
def test_header_and_meta_may_both_lie(header: str, meta: str, encoding: str, text: str) -> None:
    page = f"<meta charset={meta}><p>".encode() + text.encode(encoding)
    kind = f"text/html; charset={header}" if header else "text/html"
    assert decode_text(page, content_type=kind, where=Where("x")).endswith(text)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("windows-1251", "Сегодня утром жители района сообщили, что вода пахнет."),
        ("shift_jis", "今日の朝、川口の住民は水道水に変なにおいがすると言いました。"),
    ],
)
def test_a_page_in_another_language_is_read_as_it_declares(encoding: str, text: str) -> None:
    kind = f"text/html; charset={encoding}"
    assert decode_text(text.encode(encoding), content_type=kind, where=Where("x")) == text
