"""珠海市 12345 投诉与咨询公开件。List page -> question with unit, state and reply in one table.

Not verified live. Evidence: an open script reads `table.listAll` and, on the question's page, the cells
`td.R` of `table.detail` in this order: subject, day, person, text, unit, state, opinion. The labels of the
cells and the paging are assumptions; the saved pages are ours, in that shape.
Terms: complaints that the city makes public; persons are not kept (the third cell is not read).
"""

from crawlers.source import Count, Source
from crawlers.spiders.board import BoardSpider

SOURCE = Source(
    name="zhuhai_12345",
    publisher="珠海市 12345 市民服务热线",
    kind="board",
    url="http://www.zhuhai.gov.cn/hd/zxts_44606/tsfk/",
    every="1h",
    expect=Count(min=5, max=200),
    district="440400",
    enabled=False,
    verified=None,
)


class Zhuhai12345(BoardSpider):
    source = SOURCE
    items_css = "table.listAll tr:has(a)"
    item_mark_css = "td:last-child"
    next_css = 'a:contains("下一页")::attr(href)'
    title_css = "table.detail tr:nth-of-type(1) td.R"
    time_css = "table.detail tr:nth-of-type(2) td.R"
    body_css = "table.detail tr:nth-of-type(4) td.R"
    unit_css = "table.detail tr:nth-of-type(5) td.R"
    state_css = "table.detail tr:nth-of-type(6) td.R"
    reply_css = "table.detail tr:nth-of-type(7) td.R"
