"""The process that `enrich` forks its workers from: it imports this module, and so holds the core for all."""

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.forkserver import ensure_running, set_forkserver_preload
from pathlib import Path
from threading import Thread

from pipeline.knowledge import load_core
from schemas.errors import ReadError

# Set in the forkserver's environment only: the deployment folder, empty for none.
_DEPLOYMENT = "QIANSHAO_ENRICH_DEPLOYMENT"
# As many processes as cores need no threads besides.
_ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def start_forkserver(deployment: Path | None) -> None:
    """Start the process that loads the core of a deployment once and is forked for each worker.

    The caller itself cannot be forked: a child would wait for ever for the threads that rensa keeps there.
    A process has one forkserver: for another deployment later on each worker loads its core itself.
    """
    set_forkserver_preload([__name__, "pipeline.enrich"])
    with _environment(_ONE_THREAD | {_DEPLOYMENT: "" if deployment is None else str(deployment)}):
        ensure_running()


def end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, and its forkserver with it."""
    Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def without_collector() -> Iterator[None]:
    """No looking for cycles among records that have none: it takes half of the time they are made in."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _preload(folder: str) -> None:
    """What cannot be read is told by the workers, where somebody hears it."""
    with without_collector(), suppress(ReadError, OSError):
        load_core(Path(folder) if folder else None)
    gc.freeze()


if _DEPLOYMENT in os.environ:
    _preload(os.environ.pop(_DEPLOYMENT))
