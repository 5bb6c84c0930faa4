"""The text core: raw posts to classified posts, a batch in a few passes. Pure: no network, no clock."""

from collections.abc import Sequence

import numpy as np

from nlp.batches import TextBatch, WordBatch
from nlp.classifier import LinearTasks
from nlp.clean import clean_post, clean_posts
from nlp.details import DetailJudge
from nlp.emotion import NEUTRAL, EmotionSigns
from nlp.facts import find_facts_batch
from nlp.fingerprint import fingerprint_words
from nlp.incident import IncidentJudge
from nlp.phrases import PhraseFinder
from nlp.places import PlaceFinder
from nlp.seeds import SeedJudge
from nlp.segment import Segmenter
from nlp.urgency import UrgencyJudge
from schemas.gazetteer import load_gazetteer
from schemas.records import ClassifiedPost, CleanPost, RawPost
from schemas.taxonomy.details import load_details
from schemas.taxonomy.labels import load_families
from schemas.taxonomy.places import Deployment

TASKS = ("complaint", "rumour", "emotion")
# With more posts in one pass the features leave the processor's cache, and each of their arrays costs the
# system a page fault for every 4 KiB.
_BATCH = 512


class TextCore:
    """What the system understands of a post. Load it once a process; it keeps no state between posts."""

    def __init__(
        self,
        segmenter: Segmenter,
        places: PlaceFinder,
        tasks: LinearTasks,
        incident: IncidentJudge,
        urgency: UrgencyJudge,
        needs: SeedJudge,
        emotion: EmotionSigns,
        details: DetailJudge,
    ) -> None:
        self._segmenter, self._places, self._tasks = segmenter, places, tasks
        self._incident, self._urgency = incident, urgency
        self._needs, self._emotion, self._details = needs, emotion, details
        self._phrases = PhraseFinder([one.phrases for one in (incident, urgency, needs, emotion)])

    @classmethod
    def load(cls, deployment: Deployment | None, words: Sequence[str] = ()) -> "TextCore":
        """The core for a deployment: its place names and `words` (estates, firms, new terms) are whole words.

        Raises ReadError where a model or a knowledge file is missing or broken.
        """
        families = load_families()
        known = (*words, *(deployment.words if deployment else ()))
        return cls(
            Segmenter(known),
            PlaceFinder(deployment, load_gazetteer()),
            LinearTasks.load(TASKS),
            IncidentJudge(families["incident"]),
            UrgencyJudge(families["urgency"]),
            SeedJudge(families["needs"]),
            EmotionSigns(families["emotion"]),
            DetailJudge(load_details()),
        )

    def clean(self, post: RawPost) -> CleanPost:
        """The post cleaned and masked, nothing more."""
        return clean_post(post)

    def segment(self, text: str) -> list[str]:
        """The words of a text, cut as those of the posts are: what a search asks for."""
        return self._segmenter.segment(text)

    def enrich(self, posts: Sequence[RawPost]) -> list[ClassifiedPost]:
        """Each post classified, in the order given."""
        done: list[ClassifiedPost] = []
        for start in range(0, len(posts), _BATCH):
            done += self._enrich_batch(posts[start : start + _BATCH])
        return done

    def _enrich_batch(self, posts: Sequence[RawPost]) -> list[ClassifiedPost]:
        """Step by step over the batch, not post by post: each step's tables stay in the cache."""
        cleaned = clean_posts(posts)
        batch = TextBatch.of([full_text(clean) for clean in cleaned])
        words = self._segmenter.segment_batch(batch)
        hits = self._phrases.find_batch(batch)
        shown = [self._emotion.judge_hits(found[3]) for found in hits]
        signed = [
            self._emotion.add_signs(said, clean.feelings, signs)
            for said, clean, signs in zip(words, cleaned, shown, strict=True)
        ]
        # Signs have no letters: the fingerprint does not see them.
        flat = WordBatch.of(signed)
        prints = fingerprint_words(flat)
        labels = self._tasks.classify_batch(signed, flat, untold=(NEUTRAL,))
        incidents = [self._incident.judge_hits(found[0]) for found in hits]
        facts = find_facts_batch(batch, [post.origin.time for post in posts])
        urgencies = [
            self._urgency.judge_hits(found[1], incident, stated)
            for found, incident, stated in zip(hits, incidents, facts, strict=True)
        ]
        sizes = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        ends = batch.mark_word_ends(flat, sizes)
        places = self._places.find_batch(batch, ends, [post.origin.district for post in posts])
        needs = [self._needs.judge_hits(found[2]) for found in hits]
        emotions = [
            self._emotion.explain(given, signs) for given, signs in zip(labels["emotion"], shown, strict=True)
        ]
        details = [
            self._details.judge(text, given.name)
            for text, given in zip(batch.texts, labels["complaint"], strict=True)
        ]
        columns = (
            *(labels["complaint"], incidents, labels["rumour"], urgencies, places, facts, prints),
            *(needs, emotions, details),
        )
        return [
            ClassifiedPost(clean, tuple(said), *row)
            for clean, said, *row in zip(cleaned, words, *columns, strict=True)
        ]


def full_text(clean: CleanPost) -> str:
    """Title and text as one; a text that begins with its title as it stands."""
    if not clean.title or clean.text.startswith(clean.title):
        return clean.text
    return f"{clean.title}\n{clean.text}" if clean.text else clean.title
