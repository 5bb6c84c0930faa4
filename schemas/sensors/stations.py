"""The stations of a deployment: which code of a table or interface is which station, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.reading import Section, read_yaml
from schemas.records import Place
from schemas.sensors import make_place, place_by_name
from schemas.taxonomy.places import Deployment

STATIONS = Path(__file__).with_name("stations.yml")


@dataclass(frozen=True, slots=True)
class Station:
    """One station: the name that rules and warnings use, and its place."""

    name: str
    place: Place | None


@dataclass(frozen=True)
class StationBook:
    """The stations by code and by name. A station that is not listed is known where its name is that of one
    place of the deployment."""

    deployment: Deployment
    listed: Mapping[str, Station]

    def find(self, code: str) -> Station | None:
        """The station that a table or an interface calls so; None where nobody has said which it is."""
        known = self.listed.get(code)
        if known is not None:
            return known
        place = place_by_name(self.deployment, code)
        return None if place is None else Station(code, place)


def load_stations(path: Path | None, deployment: Deployment) -> StationBook:
    """The stations of a file; none are listed where there is no file.

    Raises ReadError with file, key, value and what is allowed.
    """
    listed: dict[str, Station] = {}
    if path is not None:
        top = read_yaml(path)
        for section in top.sections("stations", least=1):
            _read_station(section, deployment, listed)
        top.close()
    return StationBook(deployment, listed)


def _read_station(section: Section, deployment: Deployment, listed: dict[str, Station]) -> None:
    name = section.text("name")
    code = section.choice("place", tuple(deployment.by_code))
    station = Station(name, make_place(deployment, code))
    codes = section.texts("codes") if section.has("codes") else ()
    for key in (name, *codes):
        if key in listed:
            raise section.refuse("name" if key == name else "codes", f"没有用过的名称或编码（{key} 用过了）")
        listed[key] = station
    section.close()
