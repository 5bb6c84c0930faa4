"""Cleaning: each rule with its example, fields and flags, and properties on generated text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.masking import make_cases
from nlp.clean import clean_post, clean_posts, clean_text, tell_language
from schemas.records import CleanPost, Origin, RawPost
from tests.nlp.clean_cases import HAM, JOINED, SPAM, WHOLE
from tests.nlp.test_mask import MASKED

NOW = datetime(2026, 7, 22, 9, tzinfo=UTC)
SENTENCE = "小区已经停水三天了，请有关部门尽快处理。"

RULES = {
    "拼音注音": ("加強社區(qū)應(yīng)急工作，開(kāi)展演練", "加强社区应急工作，开展演练"),
    "轻声注音在繁体后": ("我們(men)的社區(qū)", "我们的社区"),
    "注音前的字已丢失": ("加強社區(qū)應(yīng)急，自然地理?xiàng)件不同", "加强社区应急，自然地理件不同"),
    "英文括注不是注音": ("3(room)和(OK)还有小李(he)", "3(room)和(OK)还有小李(he)"),
    "繁体转简体": ("請儘快處理這個問題", "请尽快处理这个问题"),
    "简体里的异体字不动": ("乾县的桥坏了", "乾县的桥坏了"),
    "坏不变成坯": ("路燈坏了", "路灯坏了"),
    "GB18030被当成Latin-1": (SENTENCE.encode("gb18030").decode("latin-1"), SENTENCE),
    "UTF-8被当成Latin-1": (SENTENCE.encode().decode("latin-1"), SENTENCE),
    "UTF-8被当成GB18030": ("小区停水了，谢谢".encode().decode("gb18030"), "小区停水了，谢谢"),
    "间隔号不是乱码": ("阿依古丽····你好", "阿依古丽····你好"),
    "HTML标签": ("<p>停水了</p><b>急</b>", "停水了\n急"),
    "脚本和注释": ("前<script>alert(1)</script><!-- x -->后", "前\n后"),
    "HTML实体": ("停水&nbsp;&amp;停电&#65281;", "停水 &停电！"),
    "双重实体": ("A&amp;amp;B", "A&B"),
    "匿名标记不是标签": ("联系<TEL>", "联系<TEL>"),
    "全角字母数字": ("Ａ栋３０１室，急！", "A栋301室，急！"),
    "零宽和控制字符": ("停\u200b水\x00了\ufeff", "停水了"),
    "表情标签": ("停水了[泪][怒]", "停水了"),
    "有内容的标签留下": ("[紧急]停水了[求助]", "[紧急]停水了[求助]"),
    "表情符号": ("停水了😭🙏", "停水了"),
    "网址": ("详见http://t.cn/AbC123 谢谢", "详见 谢谢"),
    "点名": ("@平安示例 停水了", "停水了"),
    "话题留字": ("#暴雨互助#急需救援", "暴雨互助 急需救援"),
    "两个话题": ("#暴雨##求助#救人", "暴雨 求助 救人"),
    "楼号不是话题": ("3#楼和5#楼停电", "3#楼和5#楼停电"),
    "转发链": ("求转//@小明:停水了//@小红:真的吗", "求转 停水了 真的吗"),
    "查看全文": ("停水三天了 查看全文", "停水三天了"),
    "省略号全文": ("停水三天了...全文", "停水三天了…"),
    "导航行": ("首页\n当前位置：首页>公告\n停水通知\n下一篇", "停水通知"),
    "文档站的尾巴": ("停水通知\n相关文档\n最新文档", "停水通知"),
    "句子被分页断开": (
        "示例街道昨天发布停水通知，提醒沿街商户和居民提前储水，并且请各物业公司在小区门口张贴\n告示。",
        "示例街道昨天发布停水通知，提醒沿街商户和居民提前储水，并且请各物业公司在小区门口张贴告示。",
    ),
    "短行不连起来": ("姓名，小李\n地址在示例路。", "姓名，小李\n地址在示例路。"),
    "重复段落": ("今天全区停水通知\n请相互转告\n今天全区停水通知", "今天全区停水通知\n请相互转告"),
    "标题重复在正文前": ("今天全区停水的通知\n今天全区停水的通知如下", "今天全区停水的通知如下"),
    "全文重复": (SENTENCE * 2, SENTENCE),
    "空白": ("  停水   了 \r\n\r\n 谢谢\u3000", "停水 了\n谢谢"),
    "手机号遮蔽": ("请拨１３８<b>0013</b>8000", "请拨138****8000"),
}


PAGE = f"""<!DOCTYPE html>
<html><head><title>停水通知</title><script>track()</script></head><body><nav><ul>
<li><a href="/">首页</a></li><li><a href="/a">政务公开</a></li><li><a href="/b">办事服务</a></li></ul></nav>
<article><h1>停水通知</h1><p>{SENTENCE}</p>
<p>示例水务昨天下午说明，管道抢修预计还要两天，期间每天早晚各有一辆送水车开到小区门口。</p></article>
<footer>版权所有 示例市政府办公室 <a href="/map">网站地图</a></footer></body></html>"""


def test_of_a_whole_page_the_main_text_stays() -> None:
    text = clean_text(PAGE)
    assert SENTENCE in text
    assert "送水车开到小区门口" in text
    assert "政务公开" not in text
    assert "版权所有" not in text
    assert clean_text(text) == text


@pytest.mark.parametrize(
    "raw",
    [f"他发的代码是 {PAGE}", "<html><body>停水了</body></html>"],
    ids=["引用的网页", "太短的网页"],
)
def test_no_page(raw: str) -> None:
    assert "停水" in clean_text(raw)
    assert ("政务公开" in clean_text(raw)) == ("政务公开" in raw)


@pytest.mark.parametrize(("raw", "clean"), RULES.values(), ids=RULES)
def test_rule(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@pytest.mark.parametrize("raw", [raw for raw, _ in RULES.values()], ids=RULES)
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    once = clean_text(raw)
    assert clean_text(once) == once


def clean(body: str, title: str = "", **extra: int) -> CleanPost:
    """The cleaned post of one raw post."""
    return clean_post(RawPost(Origin("id", "rev", "示例", NOW), title, body, extra))


def test_fields_are_taken_out() -> None:
    post = clean("#停水#@示例发布 //@小明:看http://example.com/a?b=1。", likes=3)
    assert post.text == "停水 看 。"
    assert post.topics == ("停水",)
    assert set(post.mentions) == {"示例发布", "小明"}
    assert post.urls == ("http://example.com/a?b=1",)
    assert post.heat.likes == 3


def test_feelings_are_kept_each_once_and_tags_that_tell_stay() -> None:
    post = clean("水又停了[泪][泪][求助]👍🏽😭😭[doge]")
    assert post.text == "水又停了 [求助]"
    assert post.feelings == ("泪", "doge", "👍", "😭")


def test_title_topics_and_urls_are_masked() -> None:
    post = clean("#找13800138000#http://example.com/13912345678", title="我叫王小明，请回电13800138000")
    assert post.title == "我叫王**，请回电138****8000"
    assert post.topics == ("找138****8000",)
    assert post.urls == ("http://example.com/139****5678",)


FLAGS = {
    "乱码": (SENTENCE.encode("gb18030").decode("latin-1"), "mojibake_repaired"),
    "广告": ("代开发票，加微信领红包，当天放款", "spam"),
    "截断": ("停水三天了，物业说……展开全文", "cut"),
    "空": ("\x00 \n", "empty"),
}


@pytest.mark.parametrize("body", JOINED.values(), ids=JOINED)
def test_pages_run_together_are_flagged(body: str) -> None:
    assert "joined_pages" in clean(body).flags


@pytest.mark.parametrize("body", WHOLE.values(), ids=WHOLE)
def test_one_page_is_not_joined(body: str) -> None:
    assert "joined_pages" not in clean(body).flags


@pytest.mark.parametrize("body", SPAM)
def test_advertising_and_adult_posts_are_flagged(body: str) -> None:
    post = clean(body)
    assert "spam" in post.flags
    assert post.text


@pytest.mark.parametrize("body", HAM)
def test_a_complaint_about_them_is_not(body: str) -> None:
    assert "spam" not in clean(body).flags


@pytest.mark.parametrize(("body", "flag"), FLAGS.values(), ids=FLAGS)
def test_flag(body: str, flag: str) -> None:
    assert flag in clean(body).flags


def test_plain_complaint_has_no_flag() -> None:
    assert clean(SENTENCE, title="停水三天").flags == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("小区停水了", "zh"),
        ("water outage", "other"),
        ("こんにちはみなさん", "other"),
        ("", "other"),
        ("5G基站", "zh"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert tell_language(text) == language


_PIECES = st.sampled_from(
    ["停水", "了", "。", "\n", " ", "　", "<b>", "</b>", "<", ">", "&lt;", "&amp;", "&#60;", "#", "@",
     "//@小明:", "http://t.cn/a", "[泪]", "[", "]", "(qū)", "(", ")", "區", "全文", "...", "查看全文", "１",
     "Ａ", "\u200b", "\x00", "😭", "138", "0013", "8000", "，", "展开"]
)  # fmt: skip
_KNOWN_MAPS = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ \n*…-&<>#@'\"") | set("区停水了")


@given(st.lists(_PIECES, max_size=16).map("".join))
@settings(max_examples=600, deadline=None)
def test_any_pieces_twice_is_once(raw: str) -> None:
    once = clean_text(raw)
    assert clean_text(once) == once


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_cleaned_and_stays_so(raw: str) -> None:
    once = clean_text(raw)
    assert clean_text(once) == once
    assert "\x00" not in once


@given(st.lists(_PIECES, max_size=16).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_character_is_invented(raw: str) -> None:
    assert set(clean_text(raw)) <= set(raw) | _KNOWN_MAPS


def make_post(title: str, body: str) -> RawPost:
    """A post of these."""
    return RawPost(Origin("1", "1", "test", NOW), title, body)


def test_a_batch_gives_what_each_post_gives() -> None:
    """Posts with nothing to clean are told from the others by their characters alone."""
    texts = [
        *(raw for raw, _ in RULES.values()),
        *MASKED,
        "",
        SENTENCE,
        "加微信领优惠，代开发票，办证",
        "привет",
    ]
    posts = [make_post(title, body) for body in texts for title in ("", "停水三天", body)]
    assert clean_posts(posts) == [clean_post(post) for post in posts]


@given(st.lists(st.tuples(*[st.lists(_PIECES, max_size=6).map("".join)] * 2), max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_batch_of_any_pieces_gives_what_each_post_gives(texts: list[tuple[str, str]]) -> None:
    posts = [make_post(title, body) for title, body in texts]
    assert clean_posts(posts) == [clean_post(post) for post in posts]


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_hides_what_each_post_hides(seed: int) -> None:
    posts = [make_post("", case.text) for case in make_cases(1_000, seed)]
    assert clean_posts(posts) == [clean_post(post) for post in posts]
