"""Chinese words for levels, times and numbers, the same in reasons and mails."""

from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.records import Facts, Level, Place

SHANGHAI = ZoneInfo("Asia/Shanghai")
LEVELS = {Level.RED: "红色", Level.ORANGE: "橙色", Level.YELLOW: "黄色", Level.BLUE: "蓝色"}
GRADES = {Level.RED: "一级", Level.ORANGE: "二级", Level.YELLOW: "三级", Level.BLUE: "四级"}


def level_zh(level: Level) -> str:
    """`红色（一级）` and so on, the names of 突发事件应对法 第六十三条."""
    return f"{LEVELS[level]}（{GRADES[level]}）"


def day_and_time(at: datetime) -> str:
    """`7月9日 08:05`, in Chinese time."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def full_time(at: datetime) -> str:
    """`2026年7月9日 08:05`, in Chinese time."""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def duration(hours: int) -> str:
    """`30 天` for whole days from two on, `24 小时` below."""
    return f"{hours // 24} 天" if hours >= 48 and hours % 24 == 0 else f"{hours} 小时"


def casualties(facts: Facts) -> str:
    """`死亡 3 人、受伤 12 人`; empty where none are stated."""
    named = (
        ("死亡", facts.deaths),
        ("受伤", facts.injured),
        ("失联", facts.missing),
        ("被困", facts.trapped),
    )
    return "、".join(f"{word} {count} 人" for word, count in named if count)


def station_zh(station: str, place: Place | None) -> str:
    """A station with where it stands: `下坝水闸（石鼓镇石鼓村）`; its own name is not said twice."""
    if place is None:
        return f"{station}（地点不明）"
    steps = [step for step in place.path.split("/") if step and step != station]
    return f"{station}（{''.join(steps[-2:])}）" if steps else station


def place_zh(place: Place | None) -> str:
    """The last two steps of a place's path, such as `汀东区柳浪街道`; `地点不明` for none."""
    if place is None:
        return "地点不明"
    steps = [step for step in place.path.split("/") if step] or [place.name]
    return "".join(steps[-2:])
