"""Report: the daily, weekly and interim report, written to files or mailed once to whom it is for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from alerts.modes import ModeClock
from alerts.render.report.document import Report
from alerts.render.report.figures import Kind, Period
from alerts.render.report.letter import render_letter
from alerts.render.report.page import render_page
from alerts.render.report.word import render_word
from alerts.render.report.writing import write_report
from pipeline.figures import gather_figures, make_scope
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where
from schemas.taxonomy.duty import DutyGroup
from schemas.taxonomy.reports import ReportPlan, load_report_plan, plan_for_default
from schemas.times import SHANGHAI
from stores.atomic import write_atomic
from stores.database.alerts import alerts_since
from stores.database.meta import get_meta, set_meta
from stores.errors import MailUnavailable

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A report that its time has come for, and the duty group it goes to."""

    period: Period
    group: DutyGroup


@dataclass(frozen=True, slots=True)
class ReportsSent:
    """What was mailed; `errors` are the mails that the server did not take, which the next run sends."""

    sent: tuple[str, ...]
    errors: tuple[str, ...] = ()

    def line(self) -> str:
        """One line for the terminal."""
        return f"报告：发出 {len(self.sent)} 封，失败 {len(self.errors)} 封"


class ReportsFailed(RuntimeError):  # noqa: N818 - what the duty officer of the system is told
    """Reports that no server took."""

    def __init__(self, report: ReportsSent) -> None:
        self.report = report
        super().__init__(f"{report.line()}；{'；'.join(report.errors)}")


def day_of(day: date) -> Period:
    """The whole day, in Chinese time."""
    start = datetime.combine(day, time(), SHANGHAI)
    return Period(Kind.DAILY, start, start + _DAY)


def week_of(day: date) -> Period:
    """The week from Monday to Sunday that a day lies in."""
    start = datetime.combine(day - timedelta(days=day.weekday()), time(), SHANGHAI)
    return Period(Kind.WEEKLY, start, start + _WEEK)


def compose_report(rooms: Rooms, period: Period, place: str, written_at: datetime) -> Report:
    """The report of a period about a place. Raises KeyError for a code that is none of the deployment's."""
    scope = make_scope(rooms.knowledge.places, place)
    with rooms.database.read() as db:
        return write_report(gather_figures(db, rooms.knowledge, period, scope, written_at))


def find_place(rooms: Rooms, name: str | None) -> str:
    """The code of a place by its code or name; the whole deployment for None. Raises ReadError."""
    places = rooms.knowledge.places
    if name is None:
        return places.places[0].code
    if name in places.by_code:
        return name
    named = places.by_name.get(name, ())
    if len(named) != 1:
        raise ReadError(Where("qianshao report"), "--place", name, "本部署一个地点的名称或编码")
    return named[0].code


def save_report(report: Report, folder: Path, written_at: datetime) -> tuple[Path, Path]:
    """Write the report as HTML and Word; returns their paths."""
    when = report.name.partition("_")[2]
    page, word = (folder / f"{report.title}_{when}.{ending}" for ending in ("html", "docx"))
    write_atomic(page, render_page(report).encode())
    write_atomic(word, render_word(report, written_at))
    return page, word


def send_due_reports(rooms: Rooms, now: datetime) -> ReportsSent:
    """Mail every report that its time has come for and that has not gone out yet.

    A process killed between the server's yes and our note sends again, under the same Message-ID. Raises
    ReportsFailed when a mail was not taken.
    """
    sent, errors = list[str](), list[str]()
    for due in find_due(rooms, now):
        try:
            message_id = send_report(rooms, due, now)
        except MailUnavailable as error:
            errors.append(str(error))
            continue
        if message_id is not None:
            sent.append(message_id)
    report = ReportsSent(tuple(sent), tuple(errors))
    if errors:
        raise ReportsFailed(report)
    return report


def send_report(rooms: Rooms, due: Due, now: datetime) -> str | None:
    """Mail one report, written as of now; None where it went out before. Raises MailUnavailable."""
    key = f"report:{due.period.kind.value}:{due.period.start.isoformat()}:{due.group.name}"
    with rooms.database.read() as db:
        if get_meta(db, key) is not None:
            return None
    report = compose_report(rooms, due.period, due.group.place, now)
    mail = render_letter(report, due.group, rooms.settings.mail_domain, now)
    rooms.mailer.send(mail, now)
    with rooms.database.begin() as db:
        set_meta(db, key, now.isoformat())
    return mail.message_id


def find_due(rooms: Rooms, now: datetime) -> Iterator[Due]:
    """The reports whose time of day has come, by the mode in force: the first time of a day brings the report
    of the day before (and of the week before), every later one what has come since the last."""
    plan, today = read_plan(rooms), now.astimezone(SHANGHAI).date()
    digests = current_clock(rooms, now).at(now).mode.digests
    reached = [moment for clock in digests if (moment := datetime.combine(today, clock, SHANGHAI)) <= now]
    if not reached:
        return
    groups = rooms.knowledge.duty.groups
    if datetime.combine(today, digests[0], SHANGHAI) <= now:
        yield from (Due(day_of(today - _DAY), groups[name]) for name in plan.daily)
        if today.isoweekday() == plan.weekday:
            yield from (Due(week_of(today - _WEEK), groups[name]) for name in plan.weekly)
    latest = max(reached)
    earlier = [moment for moment in reached if moment < latest]
    if earlier:
        period = Period(Kind.INTERIM, max(earlier), latest)
        yield from (Due(period, groups[name]) for name in plan.interim)


def current_clock(rooms: Rooms, now: datetime) -> ModeClock:
    """The modes as calendar and red warnings have set them."""
    clock = ModeClock()
    with rooms.database.read() as db:
        for alert in alerts_since(db, now - _WEEK):
            clock.note(alert)
    return clock


def read_plan(rooms: Rooms) -> ReportPlan:
    """Who gets the reports: the deployment's reports.yml; its default group where it has duty groups of its
    own and no such file; else the shipped plan."""
    duty, folder = rooms.knowledge.duty, rooms.settings.deployment
    if folder is None:
        return load_report_plan(duty)
    own = folder / "reports.yml"
    return load_report_plan(duty, own) if own.is_file() else plan_for_default(duty)
