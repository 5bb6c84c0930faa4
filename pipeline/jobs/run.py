"""Run: the whole live job once; a stage that fails is reported and does not stop the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from crawlers.discovery import read_sources
from pipeline.jobs.analyse import AnalyseReport, PartTakenError, analyse_waiting
from pipeline.jobs.collect import CollectFailed, CollectReport, collect_source
from pipeline.jobs.index import IndexedReport, index_changed
from pipeline.jobs.warn import SendingFailed, WarnReport, warn_duty_groups
from pipeline.progress import Advance, ignore_progress
from pipeline.rooms import Rooms
from stores.errors import StoreRefusedError, StoreUnavailable

NOTHING_COLLECTED = "采集：没有抓取任何来源（自己的来源放在 QIANSHAO_SOURCES，或用 --source 指名）"


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did, stage by stage; `errors` are the stages that failed, one line each."""

    collected: tuple[CollectReport, ...]
    analysed: AnalyseReport
    warned: WarnReport
    indexed: IndexedReport
    errors: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report for the terminal."""
        stages = [one.line() for one in self.collected] or [NOTHING_COLLECTED]
        stages += [self.analysed.line(), self.warned.line(), self.indexed.line()]
        return [*stages, *(f"失败：{error}" for error in self.errors)]

    @property
    def quarantined(self) -> int:
        """Records that wait in quarantine because of this run."""
        return (
            sum(one.quarantined for one in self.collected) + self.analysed.quarantined + self.indexed.rejected
        )

    def exit_code(self) -> int:
        """1 where a stage failed, 3 where something went to quarantine, otherwise 0."""
        if self.errors:
            return 1
        return 3 if self.quarantined else 0


def run_once(
    rooms: Rooms, *, names: Sequence[str] = (), collect: bool = True, progress: Advance = ignore_progress
) -> RunReport:
    """Collect, analyse, warn, index. `names` are the sources; all enabled ones where none is given."""
    errors: list[str] = []
    collected: list[CollectReport] = []
    if collect:
        sources, broken = read_sources(rooms.settings.sources)
        errors += [str(error) for error in broken]
        for name in names or [source.name for source in sources if source.enabled]:
            try:
                collected.append(collect_source(rooms, name))
            except CollectFailed as error:
                collected.append(error.report)
                errors.append(str(error))
    analysed = _analyse(rooms, errors, progress)
    warned = _warn(rooms, errors)
    return RunReport(tuple(collected), analysed, warned, _index(rooms, errors), tuple(errors))


def _analyse(rooms: Rooms, errors: list[str], progress: Advance) -> AnalyseReport:
    try:
        return analyse_waiting(rooms, progress=progress)
    except PartTakenError as error:
        errors.append(f"另一个运行正在分析同一批记录（{error}），本次分析未保存，下次再来")
        return AnalyseReport()


def _warn(rooms: Rooms, errors: list[str]) -> WarnReport:
    try:
        return warn_duty_groups(rooms)
    except SendingFailed as error:
        errors.append(str(error))
        return error.report


def _index(rooms: Rooms, errors: list[str]) -> IndexedReport:
    try:
        return index_changed(rooms)
    except (StoreUnavailable, StoreRefusedError) as error:
        errors.append(str(error))
        return IndexedReport()
