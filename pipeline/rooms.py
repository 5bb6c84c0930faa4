"""The rooms of one deployment, opened from its settings: stores, places, duty groups, rules, text core."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pydantic import SecretStr

from nlp.core import TextCore
from pipeline.knowledge import Knowledge, load_core, load_knowledge
from pipeline.settings import Settings
from schemas.records import Quarantined, Reading
from stores.database import Database
from stores.database.quarantine import save_quarantined
from stores.elastic import ElasticStore
from stores.mail import Mailer, OutboxMailer, SmtpMailer
from stores.raw import RawZone

__all__ = [
    "Knowledge", "Rooms", "load_core", "load_knowledge", "open_elastic", "open_mailer", "open_rooms",
    "secret",
]  # fmt: skip


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

    def placed(self, reading: Reading) -> Reading:
        """A kept reading with the place where its station stands now."""
        station = self.knowledge.stations.find(reading.station)
        return reading if station is None else replace(reading, place=station.place)

    @property
    def core(self) -> TextCore:
        """The text core of this deployment; loaded once a process."""
        return load_core(self.settings.deployment)


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
