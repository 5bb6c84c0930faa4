"""What kind of firm a place is: by the deployment, else by its name, read from matters/firm_kinds.yml."""

from functools import cache
from pathlib import Path

from schemas.reading import read_yaml
from schemas.taxonomy.places import FIRM_KINDS, Deployment

FIRMS = Path(__file__).parent / "matters" / "firm_kinds.yml"


@cache
def load_endings(path: Path = FIRMS) -> tuple[tuple[str, str], ...]:
    """The endings of names, each with its kind, longest first. Raises ReadError."""
    top = read_yaml(path)
    found = {ending: kind for kind in FIRM_KINDS if top.has(kind) for ending in top.texts(kind, least=1)}
    top.close()
    return tuple(sorted(found.items(), key=lambda item: -len(item[0])))


class FirmKinds:
    """The kinds of the firms of one deployment, by path."""

    def __init__(self, deployment: Deployment) -> None:
        firms = deployment.of_level("firm")
        self._kinds: dict[str, str | None] = {deployment.path(firm.code): firm.kind for firm in firms}

    def kind(self, path: str) -> str | None:
        """One of FIRM_KINDS, or None where neither the deployment nor the name says."""
        if path not in self._kinds:
            endings = load_endings()
            self._kinds[path] = next((kind for ending, kind in endings if path.endswith(ending)), None)
        return self._kinds[path]
