"""Runs one crawl as its own process, for the pipeline and the DAGs: a reactor starts only once in one."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawlers.discovery import find_source
from crawlers.journal import done_path, grow_journal
from crawlers.keys import variable_of
from crawlers.output import CrawlStats, crawl_files, part_path, quarantine_path, read_stats, stats_path
from crawlers.redact import redact
from schemas.errors import ReadError

TIMED_OUT = 124
TAIL = 4000
# The crawl ends itself in good order before it would be killed; start and end take some seconds.
_SHARE, _START = 0.8, 4.0
# Connections and secrets of the caller that no crawl needs.
_WITHHELD = ("AIRFLOW", "QIANSHAO_")
_NEEDED = frozenset(["QIANSHAO_AUTHOR_KEY", "QIANSHAO_CONTACT", "QIANSHAO_RSSHUB_URL", "QIANSHAO_RSSHUB_KEY"])


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What a crawl left behind.

    The records file holds whole records only and may be used whatever the exit code (0 ok, 1 failed or
    too few, 2 wrong use, 3 with quarantine, 124 killed at the time limit); `records`, `quarantine` and
    `stats` are None where the crawl ended before it wrote them. `log_tail` is the end of its log,
    without secrets. `state` is where the source's journal lies, `done` what this crawl adds to it.
    """

    source: str
    records: Path | None
    quarantine: Path | None
    stats: CrawlStats | None
    exit_code: int
    log_tail: str
    state: Path | None = None
    done: Path | None = None

    def commit(self) -> None:
        """Note what this crawl read as done; to be called when its records are stored."""
        if self.state is not None and self.done is not None:
            whole = self.stats is not None and self.stats.status in {"ok", "too_many"}
            complete = whole and self.stats is not None and not (self.stats.quarantined or self.stats.cut)
            grow_journal(self.state, self.done, now=datetime.now(UTC), complete=complete)

    @property
    def failed(self) -> bool:
        """Whether the crawl is to be reported as failed."""
        return self.exit_code not in {0, 3}


def crawl_in_subprocess(
    name: str,
    out_dir: Path,
    state_dir: Path,
    sources_dir: Path | None = None,
    timeout: float = 3600.0,
    author_key: bytes | None = None,
    variables: Mapping[str, str] | None = None,
    limit: int = 0,
) -> CrawlResult:
    """Crawl one source into `out_dir`/NAME.jsonl; `timeout` seconds bound the whole of it.

    `state_dir` keeps what makes crawls incremental and should be the same every time; `sources_dir` holds a
    deployment's own sources; `variables` are settings the crawl needs. Authors are kept as hashes under
    `author_key`, not at all without one. With a `limit` it stops after so many records. Never raises for
    what goes wrong inside the crawl; what a killed one has written counts.
    """
    out = out_dir / f"{name}.jsonl"
    for path in (*crawl_files(out), stats_path(out)):
        path.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "crawlers.crawl",
        name,
        "--out",
        str(out),
        "--state",
        str(state_dir / name),
    ]
    command += ["--time-limit", str(max(1.0, timeout * _SHARE - _START))]
    command += ["--limit", str(limit)] if limit else []
    command += ["--sources", str(sources_dir)] if sources_dir else []
    key = {} if author_key is None else {"QIANSHAO_AUTHOR_KEY": author_key.decode()}
    given = {**os.environ, **key, **(variables or {})}
    code, text = _run(command, timeout, _environment(given, _key_variables(name, sources_dir)))
    for path in crawl_files(out):
        _salvage(path)
    return CrawlResult(
        source=name,
        records=out if out.exists() else None,
        quarantine=quarantine_path(out) if quarantine_path(out).exists() else None,
        stats=_stats(stats_path(out)),
        exit_code=code,
        log_tail=redact(text)[-TAIL:],
        state=state_dir / name,
        done=done_path(out) if done_path(out).exists() else None,
    )


def _salvage(path: Path) -> None:
    """Give the whole lines that a killed crawl left behind the name they would have got."""
    part = part_path(path)
    if not part.exists():
        return
    with part.open("r+b") as lines:
        lines.truncate(lines.read().rfind(b"\n") + 1)
    part.replace(path)


def _key_variables(name: str, sources_dir: Path | None) -> frozenset[str]:
    """The variables of the keys this source needs; those of others are kept from it."""
    try:
        needs = find_source(name, sources_dir).source.needs
    except ReadError:  # the crawl says it
        return frozenset()
    return frozenset(map(variable_of, needs))


def _run(command: list[str], timeout: float, variables: Mapping[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no shell
            command, capture_output=True, timeout=timeout, env=dict(variables), check=False
        )
    except subprocess.TimeoutExpired as error:
        return TIMED_OUT, f"{_text(error.stderr)}\n超过 {timeout:g} 秒，已终止"
    return done.returncode, _text(done.stderr)


def _text(output: bytes | str | None) -> str:
    return output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""


def _environment(variables: Mapping[str, str], keys: frozenset[str] = frozenset()) -> dict[str, str]:
    needed = _NEEDED | keys
    kept = {
        name: value for name, value in variables.items() if not name.startswith(_WITHHELD) or name in needed
    }
    # The crawl imports the packages this process imports, wherever it was started.
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONIOENCODING": "utf-8",
    }


def _stats(path: Path) -> CrawlStats | None:
    try:
        return read_stats(path)
    except ReadError:
        return None
