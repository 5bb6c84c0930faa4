"""人民网领导留言板，全国最新留言。JSON over POST: questions with unit, state and reply.

Not verified live. Evidence: RSSHub's open route for the board and half a dozen open scripts post fid, state
and lastItem, the number of the last question, as a form to queryThreadsList; they read result, responseData,
tid, subject, content, nickName, dateline, threadsCheckTime, stateInfo (待回复、办理中、已办理), typeName,
domainName, forumName, favNum, answerContent and answerOrganization. Guesses: the time of the reply
(answerDateline), and that all times are seconds. One script names another path.
The site's newer interface wants signed requests and is left alone. fid=0 is the whole country: for one leader
copy this file and set fid and `district`. The saved answers are ours, in that shape.
Terms: the board keeps all rights: ask for consent, name the source, then enable. Scripts report 403 from its
firewall when asked fast: ten seconds between pages. Names are kept as hashes, addresses (ip) not at all.
"""

from crawlers.page import Page
from crawlers.source import Count, Source
from crawlers.spiders.api import Item
from crawlers.spiders.board import ApiBoardSpider

SOURCE = Source(
    name="cn_liuyan",
    publisher="人民网领导留言板",
    kind="api",
    url="https://liuyan.people.com.cn/threads/queryThreadsList",
    every="1h",
    expect=Count(min=5, max=200),
    enabled=False,
    verified=None,
    delay=10.0,
    pages=3,
)


class Liuyan(ApiBoardSpider):
    source = SOURCE
    payload = {"fid": "0", "state": "1", "lastItem": "0"}  # noqa: RUF012
    as_form = True
    items = "responseData"
    more = "result == 'success'"
    cursor_param, cursor = "lastItem", "responseData[-1].tid"
    key_path = "tid"
    title_path = "subject"
    text_path = "content"
    time_path = "dateline || threadsCheckTime"
    author_path = "nickName"
    unit_path = "answerOrganization"
    state_path = "stateInfo"
    reply_path = "answerContent"
    reply_time_path = "answerDateline"
    category_path = "typeName"
    extra = {"domain": "domainName", "forum": "forumName", "likes": "favNum"}  # noqa: RUF012

    def item_link(self, page: Page, item: Item) -> str:
        return page.join(f"/threads/content?tid={self.item_key(page, item)}")
