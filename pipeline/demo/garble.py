"""What happens to texts on the way: copies, slips, dialect, pinyin, broken encodings."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import opencc

from pipeline.demo.items import FORUM, HOTLINE, NEWS, Item, Kind
from pipeline.demo.phrasebook import Habits, Swap
from pipeline.demo.scene import Scene


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def to_traditional(text: str) -> str:
    """The text in traditional characters."""
    converted: str = _converter().convert(text)
    return converted


def break_encoding(text: str, encoding: str) -> str:
    """The text as a program shows it that took its bytes for Latin-1: 停电 -> Í£µç."""
    return text.encode(encoding).decode("latin-1")


def swap_words(text: str, swap: Swap, rng: random.Random) -> str:
    """The text with two of its swappable words changed (both only where there are two)."""
    found = [word for word in swap.words if word in text]
    for word in rng.sample(found, min(2, len(found))):
        text = text.replace(word, swap.words[word], 1)
    return text


def add_ruby(text: str, swap: Swap) -> str:
    """The text with pinyin glued behind characters, as pages with ruby come out of a careless reader."""
    return "".join(character + swap.words.get(character, "") for character in text)


@dataclass(frozen=True, slots=True)
class Garbler:
    """Applies a phrasebook's habits to items."""

    habits: Habits

    def speak(self, text: str, rng: random.Random) -> tuple[str, tuple[str, ...]]:
        """A forum text in its writer's manner, with the flags of what was done."""
        flags = []
        for name, swap in (("dialect", self.habits.dialect), ("typo", self.habits.typos)):
            if rng.random() < swap.share:
                spoken = swap_words(text, swap, rng)
                flags += [name] * (spoken != text)
                text = spoken
        return text, tuple(flags)

    def vary(self, text: str, rng: random.Random) -> str:
        """The text with a synonym or two, so that one grievance is worded in many ways."""
        return swap_words(text, self.habits.vary, rng) if rng.random() < self.habits.vary.share else text

    def tell_numbers(
        self, text: str, channel: str, scene: Scene, rng: random.Random
    ) -> tuple[str, tuple[str, ...]]:
        """The text, now and then with a personal number behind it."""
        if rng.random() >= self.habits.private:
            return text, ()
        tail = scene.fill(rng.choice(self.habits.private_tails[channel]), rng)
        return text.rstrip("。！") + tail, ("private",)

    def garble(self, item: Item, rng: random.Random) -> Item:
        """The item with at most one of the ills of transport; notices come through whole."""
        if item.source == NEWS or item.kind is Kind.SPAM:
            return item
        drawn = rng.random()
        for name, share, change in self._ills(rng):
            if drawn < share:
                title, body = change(item.title), change(item.body)
                return replace(item, title=title, body=body, flags=(*item.flags, name))
            drawn -= share
        return item

    def _ills(self, rng: random.Random) -> tuple[tuple[str, float, Callable[[str], str]], ...]:
        encoding = rng.choice(("gb18030", "utf-8"))
        return (
            ("mojibake", self.habits.mojibake, lambda text: break_encoding(text, encoding)),
            ("traditional", self.habits.traditional, to_traditional),
            ("ruby", self.habits.ruby.share, lambda text: add_ruby(text, self.habits.ruby)),
        )

    def repost(self, item: Item, key: str, author: str, rng: random.Random) -> Item:
        """A copy of a post by somebody else some time later, with a prefix, a suffix or nothing changed."""
        at = item.published_at + timedelta(minutes=int(rng.expovariate(1 / 150)) + 1)
        before, behind = rng.choice(self.habits.prefixes), rng.choice(self.habits.suffixes)
        body = rng.choice((f"{before}{item.body}", f"{item.body.rstrip('。！')}{behind}"))
        return replace(
            item,
            key=key,
            source=FORUM,
            body=body,
            author=author,
            published_at=at,
            arrives_at=at + timedelta(minutes=rng.uniform(1, 15)),
            flags=(*item.flags, "duplicate"),
            copy_of=item.key,
        )

    def delay(self, item: Item, rng: random.Random) -> Item:
        """A hotline record that now and then comes a day late."""
        if item.source != HOTLINE or item.kind is Kind.CRISIS or rng.random() >= self.habits.late:
            return item
        late = timedelta(hours=rng.uniform(*self.habits.late_hours))
        return replace(item, arrives_at=item.published_at + late, flags=(*item.flags, "late"))
