"""Import from an Open311 server: each time from the last change it told on."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from crawlers.hotline.mapping import Mapping
from crawlers.redact import redact
from pipeline.jobs.imports import ImportReport, import_hotline, mapping_of, note_run
from pipeline.open311 import Server, download
from pipeline.rooms import Rooms, secret
from schemas.errors import ReadError, Where
from schemas.times import SHANGHAI
from stores.database.meta import get_meta, set_meta


def import_open311(
    rooms: Rooms, url: str, mapping: str | Path, *, allow_unknown: bool = False
) -> ImportReport:
    """Import the service requests of a server, at first those made since the mapping's `start`, then those
    changed since the last import; unchanged ones change nothing.

    Raises as `import_hotline`, and ReadError where the server refuses or breaks off: what came before is
    stored, and the next import asks for all of it again.
    """
    loaded, now, settings = mapping_of(mapping), datetime.now(SHANGHAI), rooms.settings
    server = Server(url, settings.open311_jurisdiction, secret(settings.open311_key))
    mark = f"open311/{loaded.source}/{redact(url)}"
    with rooms.database.read() as db:
        since = get_meta(db, mark)
    with TemporaryDirectory(dir=settings.home, prefix="open311-") as folder:
        path = Path(folder) / f"{urlsplit(url).hostname or 'open311'}.jsonl"
        found = download(
            server,
            path,
            start=_start(loaded),
            since=None if since is None else datetime.fromisoformat(since),
            now=now,
        )
        if found.rows:
            report = import_hotline(rooms, path, mapping, allow_unknown=allow_unknown)
        else:
            report = ImportReport(path.name, 0, 0, 0, 0, (), ())
            note_run(rooms, loaded, report, now)
    if found.error is not None:
        raise found.error
    if found.newest is not None:
        with rooms.database.begin() as db:
            set_meta(db, mark, min(found.newest, now).isoformat())
    return report


def _start(mapping: Mapping) -> datetime:
    try:
        start = datetime.fromisoformat(mapping.start)
    except ValueError as error:
        allowed = "2026-01-01T00:00:00+08:00 一类的时间（同时写 since: updated_datetime）"
        raise ReadError(Where(mapping.file), "start", mapping.start, allowed) from error
    return start if start.tzinfo else start.replace(tzinfo=mapping.zone)
