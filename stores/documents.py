"""Records as documents of the search indices; pure functions, the fields as in schemas/elasticsearch."""

from collections.abc import Sequence

from schemas.records import PLACE_LEVELS, Place


def main_place(places: Sequence[Place]) -> Place | None:
    """The one place a post is counted under: the surest, and of equally sure ones the narrowest."""
    return max(places, key=lambda place: (place.score, PLACE_LEVELS.index(place.level)), default=None)
