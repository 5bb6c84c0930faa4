"""The mail: told in five seconds, honest about what is not known, and nothing of a post runs as markup."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.policy import Policy
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.render.mail import MOST_CAPS, make_message_id, render_mail
from alerts.render.subject import LONGEST
from alerts.wording import LEVELS
from schemas.records import Alert, AlertState, ClassifiedPost, Facts, Label, Level, Mail, Place, Step
from stores.mail import SmtpMailer, build_message
from tests.alerts.examples import ALERT, EVENT, GROUP, POSTS, RULE, UPDATE
from tests.nlp.classified import START, classified, titled
from tests.parts.smtp import SmtpServer

DOMAIN = "qianshao.example"
LINKS = {"签收": "https://duty.example/a/ack-1", "办结": "https://duty.example/a/close-1"}
FIRST = make_message_id(ALERT.id, 1, DOMAIN)


def updated(alert: Alert = UPDATE) -> Mail:
    """The mail of a later revision after that of the first."""
    return render_mail(
        alert, EVENT, POSTS, GROUP, rule=RULE, previous=[FIRST], revisions=[ALERT, alert], domain=DOMAIN
    )


def both(mail: Mail) -> tuple[str, str]:
    """The two bodies, the HTML without its markup."""
    return mail.text, read_html(mail.html)


def read_html(html: str) -> str:
    """What a reader sees: the texts outside style and title; raises on tags that do not close."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return "\n".join(reader.texts)


class _Reader(HTMLParser):
    _ALONE = frozenset({"meta", "img", "br", "link", "col"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._ALONE:
            self.open.append(tag)
        self.texts += [value or "" for name, value in attrs if name == "alt"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open) and data.strip():
            self.texts.append(" ".join(data.split()))


def test_the_subject_tells_level_place_what_how_grave_and_how_many() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE)
    assert mail.subject == "【橙色预警】汀东区柳浪社区 燃气泄漏 2伤 7条：柳浪家园三栋煤气味很重"
    assert mail.to == GROUP.mails


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(Level),
    st.text(max_size=300),
    st.one_of(st.none(), st.text(min_size=1, max_size=80)),
    st.integers(0, 10**7),
)
def test_a_phone_shows_the_whole_subject(level: Level, title: str, path: str | None, deaths: int) -> None:
    place = None if path is None else Place("某处", None, "estate", 0.5, path)
    alert = replace(ALERT, level=level, title=title, place=place)
    mail = render_mail(alert, replace(EVENT, facts=Facts(deaths=deaths)), [], GROUP, status="Exercise")
    assert len(mail.subject) <= LONGEST
    assert mail.subject.startswith(f"【演练·{LEVELS[level]}预警】")
    assert "燃气泄漏" in mail.subject


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("云汀市/汀东区/柳浪街道/柳浪社区/柳浪家园", "汀东区柳浪家园"),
        ("云汀市/汀东区", "汀东区"),
        ("湖南省/长沙市/岳麓区/麓谷街道", "岳麓区麓谷街道"),
        ("湖南省/长沙市/长沙县/星沙街道/某社区", "长沙县某社区"),
        ("铁路医院", "铁路医院"),
    ],
)
def test_the_place_is_told_by_district_and_smallest_step(path: str, shown: str) -> None:
    place = Place(path.rpartition("/")[2], None, "estate", 1.0, path)
    assert f"】{shown} 燃气泄漏" in render_mail(replace(ALERT, place=place), EVENT, [], GROUP).subject


@pytest.mark.parametrize("part", [0, 1], ids=["text", "html"])
def test_both_parts_carry_what_the_officer_needs(part: int) -> None:
    body = both(render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE, links=LINKS))[part]
    wanted = (
        "橙色（二级）预警", "汀东区柳浪社区 燃气泄漏", "受伤 2 人，7 条反映", "收到后",
        "20 分钟", "预警时间 4月1日 14:00", "24 小时内有 6 件反映",
        "《突发事件应对法》第六十三条", "受伤 2 人", "死亡、失联、被困人数没有信息提到，不等于没有",
        "何时发生没有信息提到", "谣言概率 12 %", RULE.guide.splitlines()[0], GROUP.zh, ALERT.id, EVENT.id,
        POSTS[0].origin.id, "2026年4月1日 14:00", "4月1日 09 时 1 条",
    )  # fmt: skip
    assert [words for words in wanted if words not in body] == []


def test_the_buttons_lead_where_they_say_and_without_any_the_command_is_told() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, links=LINKS)
    for label, url in LINKS.items():
        assert f"{label}：{url}" in mail.text
        assert f'href="{url}"' in mail.html
    bare = render_mail(ALERT, EVENT, POSTS, GROUP, links={"签收": "javascript:alert(1)"})
    assert "javascript" not in bare.html + bare.text
    assert all(f"qianshao alerts ack {ALERT.id}" in body for body in both(bare))


def test_five_posts_are_shown_with_source_time_and_page() -> None:
    posts = [
        replace(post, clean=replace(post.clean, origin=replace(post.origin, url=f"https://bbs.example/{n}")))
        for n, post in enumerate(POSTS)
    ]
    mail = render_mail(ALERT, EVENT, posts, GROUP, sources={"12345热线": "云汀市 12345 热线"})
    assert [post.origin.id in mail.text for post in POSTS] == [True] * 5 + [False] * 2
    assert [f"https://bbs.example/{n}" in mail.text for n in range(7)] == [True] * 5 + [False] * 2
    assert 'href="https://bbs.example/4"' in mail.html
    assert "2026年4月1日 08:00 云汀市 12345 热线" in mail.text


def test_a_rebuttal_is_marked_and_counted_beside_the_rumour() -> None:
    denial = replace(POSTS[0], rumour=Label("rebuttal", 0.9))
    for body in both(render_mail(ALERT, EVENT, [denial, *POSTS[1:]], GROUP)):
        assert "已有辟谣信息 1 条" in body
        assert body.count("辟谣") == 2


@pytest.mark.parametrize(
    ("changed", "doubt"),
    [
        ({"place": None}, "具体地点没有信息说清"),
        ({"place": Place("汀西区", "990102", "district", 1.0, "云汀市/汀西区")}, "只知道在汀西区"),
        ({"place": Place("柳浪家园", "x", "estate", 0.42, "云汀市/柳浪家园")}, "把握约 42 %"),
        ({"place": Place("某小区", None, "estate", 0.8, "某小区")}, "“某小区”不在本地地名表"),
    ],
)
def test_a_place_that_is_not_sure_is_said_to_be_so(changed: dict[str, Place | None], doubt: str) -> None:
    mail = render_mail(replace(ALERT, **changed), EVENT, POSTS, GROUP)
    assert all(doubt in body for body in both(mail))


@pytest.mark.parametrize(
    ("event", "doubt"),
    [
        (replace(EVENT, sources=("论坛",)), "只有一个来源，没有别的来源印证"),
        (replace(EVENT, authors=1), "都出自同一个人"),
        (replace(EVENT, authors=1, heat=1), "只有一个人说"),
    ],
)
def test_a_single_voice_is_said_to_be_one(event: type[EVENT], doubt: str) -> None:
    assert all(doubt in body for body in both(render_mail(ALERT, event, POSTS, GROUP)))


def test_nothing_said_is_not_told_as_none() -> None:
    none = replace(EVENT, facts=Facts(deaths=0, injured=0, missing=0, trapped=0, time=START))
    text = render_mail(ALERT, none, POSTS, GROUP).text
    assert "没有信息提到" not in text
    assert "文中时间：2026年4月1日 08:00" in text


def test_message_id_is_of_alert_and_revision_alone() -> None:
    once = render_mail(ALERT, EVENT, POSTS, GROUP, domain=DOMAIN)
    again = render_mail(ALERT, None, [], GROUP, domain=DOMAIN)
    assert once.message_id == again.message_id == f"<{ALERT.id}.1@{DOMAIN}>"


def test_a_rise_says_so_keeps_the_thread_and_tells_what_changed() -> None:
    mail = updated()
    assert mail.references == (FIRST,)
    assert mail.subject.startswith("【红色升级】")
    for body in both(mail):
        assert "级别：橙色（二级）升为红色（一级）" in body
        assert "反映：6 → 12 件（+6）" in body


def stepped(what: str, state: AlertState = AlertState.RAISED) -> Alert:
    """The update after one more step."""
    return replace(UPDATE, state=state, history=(*UPDATE.history, Step(START, what)))


@pytest.mark.parametrize(
    ("alert", "turn", "said"),
    [
        (replace(UPDATE, level=Level.YELLOW), "黄色降级", "级别：橙色（二级）降为黄色（三级）"),
        (replace(UPDATE, level=Level.ORANGE), "橙色更新", "反映：6 → 12 件（+6）"),
        (stepped("转副班：值班人十分钟没有签收"), "红色转副班", "值班人十分钟没有签收"),
        (stepped("稍后再报时间已到"), "红色再提醒", "稍后再报时间已到"),
        (stepped("重新打开：值班员甲"), "红色重开", "重新打开：值班员甲"),
        (stepped("上报区应急局值班组：十分钟没有签收"), "红色上报", "十分钟没有签收"),
        (stepped("解除：3 天没有新的反映", AlertState.CLOSED), "红色解除", "3 天没有新的反映"),
    ],
    ids=["falls", "same level", "deputies", "woken", "reopened", "reported upwards", "over"],
)
def test_every_turn_of_a_warning_has_its_own_word(alert: Alert, turn: str, said: str) -> None:
    mail = updated(alert)
    assert mail.subject.startswith(f"【{turn}】")
    assert all(said in body for body in both(mail))


def test_an_update_gives_nobody_new_time() -> None:
    later = START + timedelta(hours=9)
    steps = (*ALERT.history, Step(later, "第2版 橙色（二级）", "reports=12"))
    mail = updated(replace(UPDATE, level=Level.ORANGE, raised_at=later, history=steps))
    for body in both(mail):
        assert "4月1日 14:00" in body
        assert "起还没有人签收" in body


def test_what_is_over_asks_nothing_of_anybody() -> None:
    mail = updated(replace(UPDATE, state=AlertState.CLOSED))
    for body in both(mail):
        assert "无需再处置" in body
        assert not any(words in body for words in ("内签收", "alerts ack", "核实与处置", "未知"))


def test_who_has_acknowledged_need_not_do_so_again() -> None:
    steps = (*UPDATE.history, Step(START, "签收：值班员甲"))
    mail = updated(replace(UPDATE, level=Level.ORANGE, state=AlertState.ACKNOWLEDGED, history=steps))
    for body in both(mail):
        assert "2026年4月1日 08:00 值班员甲" in body
        assert "签收（" not in body


def test_markup_in_a_post_stays_text() -> None:
    wild = titled(
        classified("<script>alert(1)</script> {{ 7*7 }}", post_id=POSTS[0].origin.id), "<b>煤气</b>"
    )
    mail = render_mail(ALERT, EVENT, [wild], GROUP)
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "<b>煤气</b>" not in mail.html
    assert "{{ 7*7 }}" in mail.text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_of_a_post_leaves_the_mail_whole(title: str, text: str) -> None:
    post = titled(classified(text, post_id=POSTS[0].origin.id), title)
    alert = replace(ALERT, title=title, reason=text, place=Place("某处", "1", "estate", 1.0, title))
    mail = render_mail(alert, replace(EVENT, title=title), [post], GROUP, rule=RULE)
    assert "核实与处置" in read_html(mail.html)
    raw = build_message(mail, "前哨 <duty@qianshao.example>").as_bytes()
    assert message_from_bytes(raw, policy=policy.default)["Message-ID"] == mail.message_id


def test_an_alert_without_event_or_place_renders() -> None:
    mail = render_mail(replace(ALERT, event_id=None, place=None), None, [], GROUP)
    assert mail.subject.startswith("【橙色预警】地点不明 燃气泄漏 6条")
    assert "具体地点没有信息说清" in mail.text


def test_nothing_remote_is_loaded_by_the_html() -> None:
    html = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE).html
    assert "http" not in html
    assert html.count("<img") == html.count('<img src="cid:') == 1
    assert not any(word in html for word in ("flex", "grid", "<link", "@import", "position:"))


def test_the_picture_says_its_numbers_to_who_cannot_see_it() -> None:
    mail = render_mail(ALERT, EVENT, POSTS, GROUP, rule=RULE)
    ((name, picture),) = mail.images
    assert f"cid:{name}" in mail.html
    assert picture.startswith(b"\x89PNG")
    numbers = "4月1日 09 时 1 条，10 时 1 条，11 时 1 条，12 时 1 条，13 时 1 条，14 时 1 条"
    assert f'alt="{numbers}"' in mail.html
    assert f"每小时条数：{numbers}" in mail.text


@pytest.mark.parametrize(
    "rules", [policy.default, policy.SMTP, policy.compat32], ids=["default", "smtp", "old"]
)
def test_a_server_takes_the_mail_and_parsers_find_every_part(smtp_server: SmtpServer, rules: Policy) -> None:
    mailer = SmtpMailer(smtp_server.host, smtp_server.port, "前哨 <duty@qianshao.example>", timeout=5)
    mail = updated()
    assert mailer.send(mail, UPDATE.raised_at) == {}
    (raw,) = smtp_server.received
    message = message_from_bytes(raw, policy=rules)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "application/cap+xml",
    ]  # fmt: skip
    assert message["Message-ID"].strip() == mail.message_id
    assert message["In-Reply-To"].strip() == message["References"].strip() == FIRST
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in message.walk()}
    assert parts["text/plain"].decode().replace("\r\n", "\n") == mail.text
    assert (parts["image/png"], parts["application/cap+xml"]) == (
        mail.images[0][1],
        mail.attachments[0].content,
    )
    assert all(not part.defects for part in message.walk())


def many(levels: Sequence[Level]) -> list[Alert]:
    """Warnings at several places, of these levels."""
    streets = ("汀西区/万集街道", "汀东区/柳浪街道", "汀东区/东关街道")
    return [
        replace(
            ALERT,
            id=f"{n:024x}",
            level=level,
            place=Place(
                streets[n // 2 % 3].split("/")[1], None, "street", 1.0, f"云汀市/{streets[n // 2 % 3]}"
            ),
        )
        for n, level in enumerate(levels)
    ]


def test_a_digest_is_in_order_of_level_and_place_and_names_each() -> None:
    first, *rest = many([Level.YELLOW, Level.BLUE, Level.ORANGE, Level.YELLOW, Level.BLUE, Level.YELLOW] * 5)
    mail = render_mail(first, EVENT, POSTS, GROUP, digest=rest)
    assert mail.subject.startswith("【汇总】30个预警 橙5黄15蓝10，最高橙色：")
    assert mail.message_id == make_message_id(first.id, first.revision, "qianshao.invalid")
    for body in both(mail):
        assert body.index("橙色（二级）") < body.index("黄色（三级）") < body.index("蓝色（四级）")
        assert all(one.id in body for one in (first, *rest))
        yellow = body.rpartition("黄色（三级）")[2].partition("蓝色（四级）")[0]
        assert yellow.index("东关街道") < yellow.index("柳浪街道") < yellow.index("万集街道")
    assert len(mail.attachments) == MOST_CAPS


def test_what_is_over_comes_last_in_a_digest_and_is_counted_apart() -> None:
    over = replace(ALERT, id="c" * 24, level=Level.RED, state=AlertState.CLOSED)
    mail = render_mail(over, None, [], GROUP, digest=many([Level.BLUE, Level.YELLOW]))
    assert mail.subject.startswith("【汇总】3个预警 黄1蓝1解除1，最高黄色：")
    for body in both(mail):
        assert body.rindex("蓝色（四级）") < body.rindex("已解除") < body.index(over.id)


def test_a_digest_leads_to_the_page_of_each_warning() -> None:
    first, second = many([Level.BLUE, Level.YELLOW])
    links = {first.id: "https://duty.example/a/1", second.id: "javascript:alert(1)"}
    mail = render_mail(first, None, [], GROUP, digest=[second], links=links)
    assert 'href="https://duty.example/a/1"' in mail.html
    assert "https://duty.example/a/1" in mail.text
    assert "javascript" not in mail.html + mail.text
    assert f"qianshao alerts ack {second.id}" in mail.text


def wordy(n: int) -> ClassifiedPost:
    """A post of many words."""
    return titled(classified("煤气味很重" * 400, hours=n, post_id=POSTS[n].origin.id), "闻到味道" * 40)


@pytest.mark.parametrize("shape", ["one", "digest"])
def test_the_largest_mail_stays_small(shape: str) -> None:
    steps = tuple(Step(START + timedelta(hours=n), f"并入：{'某处停电' * 9}") for n in range(60))
    alert = replace(ALERT, reason="反映增多，" * 200, history=(*ALERT.history, *steps))
    digest = many([Level.YELLOW] * 60) if shape == "digest" else []
    mail = render_mail(alert, EVENT, [wordy(n) for n in range(7)], GROUP, rule=RULE, digest=digest)
    assert len(build_message(mail, "duty@qianshao.example").as_bytes()) < 200_000
