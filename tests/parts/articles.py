"""Generated posts of a city's news site, as its editors write them: markup, ruby, pictures, tables."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.times import SHANGHAI

_PLACES = ("河口街道", "汀东区", "柳浪街道", "云台镇", "石桥社区", "港务新区", "南渡街道", "白鹭洲")
_MATTERS = (
    ("停水检修", "供水", "主管渗漏，抢修队今晚十点起停水检修，预计次日六点恢复。"),
    ("积水排险", "防汛", "低洼路段积水约三十厘米，排水所已架设两台水泵，请绕行。"),
    ("燃气管道改造", "燃气", "老旧管道更换期间分段停气，入户前会提前一天张贴告知单。"),
    ("夜间施工噪声处理", "城管", "工地超时浇筑混凝土，执法队已责令停工并约谈施工单位。"),
    ("电动车充电棚整改", "消防", "私拉电线充电的车辆已清走，新的充电棚月底投用。"),
    ("农贸市场抽检", "市场监管", "抽检叶菜三十二批次，一批次农药残留超标，已下架封存。"),
    ("路灯抢修", "市政", "电缆被挖断致使整条路的路灯不亮，维修人员当晚接通临时线路。"),
    ("公交线路调整", "交通", "因道路封闭，三条线路临时改道，候车亭贴有新的站点图。"),
)
_ASKED = (
    "居民王女士说，楼上住户已经三天没有接到通知。",
    "社区网格员逐户敲门核对，独居老人由志愿者送水上门。",
    "值班电话二十四小时有人接听，网上也可以查进度。",
    "街道表示，完工后会请居民代表一起验收。",
)
_FIRST = datetime(2026, 1, 1, 8, tzinfo=SHANGHAI)
_PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@dataclass(frozen=True, slots=True)
class Article:
    """One post as it was written. `told` is what its text must say; `published_at` is None for a page."""

    title: str
    markup: str
    told: tuple[str, ...]
    category: str
    published_at: datetime | None = field(default=None)


def write_articles(count: int, seed: int = 6) -> list[Article]:
    """So many different posts, one every 65 minutes; the same ones for the same seed."""
    chance = random.Random(seed)
    return [_write(number, chance) for number in range(1, count + 1)]


def write_pages(count: int, seed: int = 7) -> list[Article]:
    """Pages without a date, such as those about an office."""
    chance = random.Random(seed)
    return [_write_page(number, chance) for number in range(1, count + 1)]


def _write(number: int, chance: random.Random) -> Article:
    place = chance.choice(_PLACES)
    matter, category, told = chance.choice(_MATTERS)
    asked = chance.choice(_ASKED)
    first = f"{place}第{number}号通报：{told}"
    markup = "\n".join(_dressed(number, place, first, asked))
    at = _FIRST + timedelta(minutes=65 * number)
    return Article(f"{place}{matter}通报第{number}期", markup, (told, asked), category, at)


def _write_page(number: int, chance: random.Random) -> Article:
    place = chance.choice(_PLACES)
    told = f"{place}第{number}便民服务站设在居委会一楼，办理居住证、社保查询和老年卡年审。"
    hours = "周一至周五上午八点半到十二点、下午两点到五点半对外办公，节假日安排值班。"
    return Article(f"{place}第{number}便民服务站", f"<p>{told}</p>\n<p>{hours}</p>", (told, hours), "")


def _dressed(number: int, place: str, first: str, asked: str) -> Iterator[str]:
    """The paragraphs in one of the dresses that editors and their programs give them."""
    dress = number % 6
    if dress == 0:
        yield f"<!-- wp:paragraph -->\n<p>{first}</p>\n<!-- /wp:paragraph -->"
    elif dress == 1:
        yield f'<p style="text-indent:2em"><span style="font-size:16px">{first}</span></p>'
    elif dress == 2:
        ruby = "<ruby>通报<rp>(</rp><rt>tōng bào</rt><rp>)</rp></ruby>"
        yield f"<p><strong>{place}</strong>{ruby}</p><p>{first}</p>"
    elif dress == 3:
        yield f'<figure><img src="{_PICTURE}" alt="现场照片"/></figure>\n<p>{first}</p>'
    elif dress == 4:
        yield f"<p>{first}</p><table><tr><td>联系人</td><td>值班室</td></tr></table>"
    else:
        yield f"{first}\n\n<blockquote>{place}提醒：请提前储水、关好阀门 &amp; 留意通知。</blockquote>"
    yield f"<p>{asked}</p>"
    yield f"<p>编号 {number:05d}，由{place}值班室发布。</p>"
