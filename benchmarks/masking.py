"""Precision and recall of masking: on generated cases, and on items put into real texts.

The generator spells personal items in many ways (spaces, dashes, full-width and Chinese digits) and makes
numbers that must stay: house numbers, prices, ticket numbers, dates.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.segment_identity import read_texts
from nlp.clean import clean_text
from nlp.mask import find_personal, mask_text
from nlp.mask_checks import identity_check_digit

COUNT, SEED = 5_000, 63
# Of a folder no more texts of each file.
_TEXTS = 2_000
# What nobody can take for anything else, found without the masking's own patterns.
_PLAIN = re.compile(
    r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)[1-9]\d{16}[\dXx](?![\dA-Za-z])|[\w.]+@[\w.]+\.(?:com|cn|net)"
)

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国志海燕小雪峰辉"
_FULL = str.maketrans("0123456789", "０１２３４５６７８９")
_CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
_BEFORE = (
    "请回复，",
    "多次反映无果。",
    "小区楼下很吵，",
    "谢谢！",
    "物业不管，",
    "盼复：",
    "急急急！",
    "情况属实。",
)
_AFTER = ("，谢谢", "。请尽快处理", "，望领导重视", "；以上", "！", "，等回复", "。", "，小区停水三天")


@dataclass(frozen=True)
class Case:
    """A text, the personal item in it (empty when there is none) and its kind."""

    kind: str
    text: str
    secret: str


def make_cases(count: int, seed: int) -> list[Case]:
    """`count` cases, two in three with a personal item."""
    source = random.Random(seed)  # noqa: S311 - the same cases every time
    kinds = [*_PERSONAL] * 2 + [*_HARMLESS]
    return [_make_case(source, source.choice(kinds)) for _ in range(count)]


def _make_case(source: random.Random, kind: str) -> Case:
    before, after = source.choice(_BEFORE), source.choice(_AFTER)
    if kind in _PERSONAL:
        context, secret = _PERSONAL[kind](source)
        return Case(kind, f"{before}{context}{secret}{after}", secret)
    return Case(kind, f"{before}{_HARMLESS[kind](source)}{after}", "")


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choice("0123456789") for _ in range(count))


def _day(source: random.Random, joint: str) -> str:
    return joint.join(
        (str(source.randint(2015, 2026)), f"{source.randint(1, 12):02}", f"{source.randint(1, 28):02}")
    )


def _spell(source: random.Random, groups: list[str]) -> str:
    """The groups of a number as people write them."""
    joint = source.choice(["", "", "", " ", "-", "－", "　"])
    written = joint.join(groups)
    return source.choice(
        [written, written, written, written.translate(_FULL), "".join(groups).translate(_CHINESE)]
    )


def _mobile(source: random.Random) -> tuple[str, str]:
    number = "1" + source.choice("3456789") + _digits(source, 9)
    groups = source.choice([[number[:3], number[3:7], number[7:]], [number], list(number)])
    return source.choice(["电话", "手机：", "联系我", "", "请打", "号码是"]), _spell(source, groups)


def _landline(source: random.Random) -> tuple[str, str]:
    area = source.choice(["010", "021", "0731", "0755", "0371", "0898"])
    number = source.choice("2345678") + _digits(source, 7 if len(area) == 3 or source.random() < 0.5 else 6)
    return source.choice(["电话", "座机：", "致电", ""]), _spell(source, [area, number])


def _identity(source: random.Random) -> tuple[str, str]:
    area = source.choice(["110105", "430104", "440305", "510107", "620102"])
    birth = f"{source.randint(1940, 2015)}{source.randint(1, 12):02}{source.randint(1, 28):02}"
    first = area + birth + _digits(source, 3)
    last = identity_check_digit(first)
    number = first + source.choice([last, last.lower()])
    groups = source.choice([[number], [number[:6], number[6:14], number[14:]]])
    joint = source.choice(["", " ", "-"])
    written = joint.join(groups)
    return source.choice(["身份证", "身份证号：", "证件号码", ""]), source.choice(
        [written, written.translate(_FULL)]
    )


def _bank(source: random.Random) -> tuple[str, str]:
    first = source.choice(["622202", "621700", "622848", "601382", "436742"]) + _digits(
        source, source.choice([9, 12])
    )
    total = sum(int(d) if at % 2 else sum(divmod(int(d) * 2, 10)) for at, d in enumerate(reversed(first)))
    number = first + str(-total % 10)
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    return source.choice(["卡号", "银行卡：", "打到", ""]), source.choice([number, " ".join(groups)])


def _plate(source: random.Random) -> tuple[str, str]:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    head = source.choice("京沪粤湘川鄂豫鲁浙苏") + source.choice("ABCDEFGH")
    tail = source.choice(
        [_digits(source, 5), source.choice(letters) + _digits(source, 4), "D" + _digits(source, 5)]
    )
    return source.choice(["车牌", "车号：", "一辆", ""]), head + source.choice(["", "·", "-"]) + tail


def _email(source: random.Random) -> tuple[str, str]:
    name = "".join(source.choice("abcdefghijk") for _ in range(5)) + _digits(source, 3)
    return source.choice(["邮箱", "邮箱：", "发到"]), name + "@" + source.choice(
        ["qq.com", "163.com", "mail.example.com.cn"]
    )


def _qq(source: random.Random) -> tuple[str, str]:
    return source.choice(["QQ：", "QQ", "加QQ", "QQ号码"]), source.choice("123456789") + _digits(
        source, source.randint(5, 9)
    )


def _wechat(source: random.Random) -> tuple[str, str]:
    name = (
        "".join(source.choice("abcdefghijk") for _ in range(4))
        + source.choice(["_", "", "-"])
        + _digits(source, 4)
    )
    return source.choice(["微信：", "微信号", "加微信 ", "VX:"]), name


def _name(source: random.Random) -> tuple[str, str]:
    given = "".join(source.choice(_GIVEN) for _ in range(source.choice([1, 2, 2])))
    return source.choice(["我叫", "联系人：", "姓名：", "投诉人:", "我叫 "]), source.choice(_SURNAMES) + given


_PERSONAL: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "mobile": _mobile, "landline": _landline, "identity": _identity, "bank_card": _bank, "plate": _plate,
    "email": _email, "qq": _qq, "wechat": _wechat, "name": _name,
}  # fmt: skip

_HARMLESS: dict[str, Callable[[random.Random], str]] = {
    "house": lambda s: f"{s.randint(1, 99)}栋{s.randint(1, 4)}单元{s.randint(1, 33)}{s.randint(1, 9):02}室",
    "price": lambda s: f"收费{s.randint(10, 9_999_999)}.{s.randint(10, 99)}元",
    "money": lambda s: f"共计{s.randint(10_000, 999_999_999)}元",
    "date": lambda s: f"{_day(s, '-')} {s.randint(0, 23):02}:{s.randint(0, 59):02}",
    "date_spoken": lambda s: f"{s.randint(2015, 2026)}年{s.randint(1, 12)}月{s.randint(1, 28)}日上午",
    "ticket": lambda s: f"工单编号{_day(s, '')}{_digits(s, s.choice([4, 6, 8]))}",
    "ticket_word": lambda s: f"受理号：{_digits(s, s.choice([8, 10, 11, 12, 16]))}",
    "hotline": lambda s: s.choice(["拨打12345", "打了110", "致电400-800-8820", "95598没人接", "12315投诉"]),
    "range": lambda s: f"每天{s.randint(6, 9)}:00-{s.randint(18, 22)}:30，约{s.randint(3, 9)}-10人",
    "document": lambda s: f"国办发〔{s.randint(2015, 2026)}〕{s.randint(1, 200)}号",
    "area": lambda s: f"面积{s.randint(50, 99999)}平方米，{s.randint(100, 2000)}户",
    "title": lambda s: "联系人" + s.choice(_SURNAMES) + s.choice(["先生", "女士", "某"]),
}  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Cases by kind: masked or kept as they should be, and not."""

    right: Counter[str]
    wrong: Counter[str]

    def row(self, name: str) -> dict[str, object]:
        """The tally as a table row; wrong ones by kind."""
        hit, missed = (sum(counts[kind] for kind in _PERSONAL) for counts in (self.right, self.wrong))
        false = sum(self.wrong[kind] for kind in _HARMLESS)
        return {
            "数据": name,
            "个人信息": hit + missed,
            "不是的": sum(self.right[kind] for kind in _HARMLESS) + false,
            "查准": round(hit / max(hit + false, 1), 4),
            "查全": round(hit / max(hit + missed, 1), 4),
            "错": ", ".join(f"{kind} {count}" for kind, count in sorted(self.wrong.items())),
        }


def tally_cases(cases: Sequence[Case]) -> Tally:
    """Masks each case: its item must be gone, or its text unchanged where it has none."""
    tally = Tally(Counter(), Counter())
    for case in cases:
        masked = mask_text(case.text)
        good = case.secret not in masked if case.secret else masked == case.text
        (tally.right if good else tally.wrong)[case.kind] += 1
    return tally


def plant_cases(texts: Sequence[str], count: int, seed: int) -> Iterator[Case]:
    """Generated cases put behind a sentence of real texts; a harmless one is the text's beginning and itself.

    The real part is masked first, so that only what was put in counts.
    """
    source = random.Random(seed)  # noqa: S311 - the same places every time
    for case in make_cases(count, seed):
        text = source.choice(texts)
        cut = source.choice([match.end() for match in re.finditer("[。！？；，]", text)] or [len(text)])
        before = mask_text(text[:cut])
        yield Case(case.kind, f"{before}\n{case.text}", case.secret)


def run(path: Path | None = None) -> list[dict[str, object]]:
    """Generated cases; with a file or folder of texts also those put into its texts, and a look at each file.

    A file's row tells how many items masking finds in its texts by kind, and how many plain numbers of mobile
    phones, identity cards and addresses of mail it leaves.
    """
    rows = [tally_cases(make_cases(COUNT, SEED)).row("生成的例子")]
    if path is None:
        return rows
    files = sorted(path.rglob("*.jsonl*")) if path.is_dir() else [path]
    texts = {file.name: [text for text in read_texts(file, _TEXTS) if text.strip()] for file in files}
    every = [clean_text(text) for some in texts.values() for text in some[:200]]
    rows.append(tally_cases([*plant_cases(every, COUNT, SEED)]).row("种入真实文本"))
    return rows + [_look(name, some) for name, some in texts.items()]


def _look(name: str, texts: Sequence[str]) -> dict[str, object]:
    found = Counter(item.kind for text in texts for item in find_personal(text))
    left = sum(len(_PLAIN.findall(mask_text(text))) for text in texts)
    return {
        "数据": f"{name}（{len(texts)} 条）",
        "个人信息": sum(found.values()),
        "不是的": "",
        "查准": "",
        "查全": "",
        "错": f"漏 {left}；找到 " + "、".join(f"{kind} {count}" for kind, count in found.most_common()),
    }
