"""Who gets the daily and weekly reports: names of duty groups; the times of day are the mode's."""

from dataclasses import dataclass
from pathlib import Path

from schemas.reading import read_yaml
from schemas.taxonomy.duty import Duty

REPORTS = Path(__file__).with_name("reports.yml")


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """The duty groups of each report; `weekday` is the day of the 周报, 1 for Monday to 7."""

    daily: tuple[str, ...]
    interim: tuple[str, ...]
    weekly: tuple[str, ...]
    weekday: int


def load_report_plan(duty: Duty, path: Path = REPORTS) -> ReportPlan:
    """The plan of one file. Raises ReadError with file, key, value and what is allowed."""
    top = read_yaml(path)
    top.choice("deployment", (duty.deployment.name,))
    weekly = top.section("weekly")
    plan = ReportPlan(
        daily=top.choices("daily", duty.groups, least=0),
        interim=top.choices("interim", duty.groups, least=0),
        weekly=weekly.choices("groups", duty.groups, least=0),
        weekday=weekly.whole("day", least=1),
    )
    if plan.weekday > 7:
        raise weekly.refuse("day", "1 到 7，1 为星期一")
    weekly.close()
    top.close()
    return plan


def plan_for_default(duty: Duty) -> ReportPlan:
    """The plan of a deployment that has written none: everything to the group that takes the rest."""
    default = (duty.default.name,)
    return ReportPlan(default, default, default, 1)
