"""东莞阳光热线问政平台，最新问政。List page with number, state and times -> question with the unit's reply.

Not verified live. Evidence: dozens of open scripts read this site. List: `ul.title-state-ul > li` with
span.state1 (number) to span.state5 (day of the question); a.arrow-page.prov_rota leads to the next page.
Until 2022 a question stood in p.focus-details and .details-box pre, since 2023 in .content p; the title of
the new layout and the markup of replies are assumptions. The saved pages are ours, in both shapes.
Terms: questions that citizens make public; the site turns fast crawlers away: five seconds between pages.
"""

from datetime import date

from crawlers.source import Count, Source
from crawlers.spiders.article import Layout
from crawlers.spiders.board import BoardSpider

SOURCE = Source(
    name="dongguan_wenzheng",
    publisher="东莞阳光热线问政平台",
    kind="board",
    url="https://wz.sun0769.com/political/index/politicsNewest?id=1&page=1",
    every="1h",
    expect=Count(min=5, max=200),
    district="441900",
    enabled=False,
    verified=None,
    delay=5.0,
    pages=3,
)


class DongguanWenzheng(BoardSpider):
    source = SOURCE
    items_css = "ul.title-state-ul > li"
    link_css = "span.state3 a"
    item_mark_css = "span.state2"
    item_time_css = "span.state5"
    next_css = "a.arrow-page.prov_rota::attr(href)"
    title_css = ".title"
    body_css = ".content p"
    older = (Layout(title_css="p.focus-details", body_css=".details-box pre", until=date(2022, 12, 31)),)
    ticket_css = 'span.fl:contains("编号")'
    state_css = 'span.fl:contains("状态")'
    unit_css = ".reply .unit"
    reply_css = ".reply .text"
    reply_time_css = ".reply .time"
