"""The rooms of one deployment, opened from its settings: stores, places, duty groups, rules, text core."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from nlp.core import TextCore
from pipeline.settings import Settings
from schemas.records import Quarantined
from schemas.rules.loader import RULES, Rule, load_rules
from schemas.taxonomy.duty import DUTY, Duty, load_duty
from schemas.taxonomy.places import PLACES, Deployment, load_places
from schemas.taxonomy.words import read_words
from stores.database import Database
from stores.database.quarantine import save_quarantined
from stores.elastic import ElasticStore
from stores.mail import Mailer, OutboxMailer, SmtpMailer
from stores.raw import RawZone

_CORE_FILES = ("places.yml", "words.txt")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a deployment knows of itself: its places, words, duty groups and rules."""

    places: Deployment
    duty: Duty
    rules: tuple[Rule, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rooms:
    """Everything a job needs. `elastic` is None where no Elasticsearch is set."""

    settings: Settings
    knowledge: Knowledge
    database: Database
    raw: RawZone
    mailer: Mailer
    elastic: ElasticStore | None

    def quarantine(self, records: list[Quarantined]) -> int:
        """Keep records that could not be read; returns how many are new."""
        with self.database.begin() as db:
            return save_quarantined(db, records)

    @property
    def core(self) -> TextCore:
        """The text core of this deployment; loaded once a process."""
        return load_core(self.settings.deployment)


def load_knowledge(folder: Path | None) -> Knowledge:
    """The knowledge of a deployment folder; a file it lacks is the shipped one. Raises ReadError."""

    own = {} if folder is None else {path.name: path for path in folder.iterdir()}
    places = load_places(own.get("places.yml", PLACES))
    duty = load_duty(own.get("duty.yml", DUTY), places)
    words = read_words(own["words.txt"]) if "words.txt" in own else ()
    return Knowledge(places, duty, load_rules(own.get("rules", RULES), duty), words)


def load_core(folder: Path | None) -> TextCore:
    """The text core with a deployment's places and words, kept until either file changes its content."""
    return _load_core(folder, () if folder is None else tuple(_digest(folder / name) for name in _CORE_FILES))


@lru_cache(maxsize=2)
def _load_core(folder: Path | None, _content: tuple[str, ...]) -> TextCore:
    knowledge = load_knowledge(folder)
    return TextCore.load(knowledge.places, knowledge.words)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def secret(value: SecretStr | None) -> str | None:
    """The text of a secret, for the library that needs it."""
    return None if value is None else value.get_secret_value()


def open_mailer(settings: Settings) -> Mailer:
    """SMTP where a server is set, otherwise the outbox folder."""
    if settings.smtp_host is None:
        return OutboxMailer(settings.home / "outbox", settings.mail_sender)
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        settings.mail_sender,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=secret(settings.smtp_password),
        timeout=settings.smtp_timeout,
    )


def open_elastic(settings: Settings) -> ElasticStore | None:
    """The Elasticsearch of the settings, not yet spoken to."""
    if settings.elasticsearch_url is None:
        return None
    return ElasticStore(
        settings.elasticsearch_url,
        api_key=secret(settings.elasticsearch_api_key),
        user=settings.elasticsearch_user,
        password=secret(settings.elasticsearch_password),
        prefix=settings.elasticsearch_prefix,
        ca_file=None if settings.elasticsearch_ca is None else str(settings.elasticsearch_ca),
    )


@contextmanager
def open_rooms(settings: Settings) -> Iterator[Rooms]:
    """The rooms with the database brought to this version's shape; closed at the end."""
    # The raw zone holds unmasked text: nobody but the service's own user reads the data folder.
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    knowledge = load_knowledge(settings.deployment)
    with Database(settings.state_url) as database:
        database.upgrade()
        raw = RawZone(settings.home / "raw")
        yield Rooms(settings, knowledge, database, raw, open_mailer(settings), open_elastic(settings))
