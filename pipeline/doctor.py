"""What is set, what is reachable and what is missing; secrets are named, never shown."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec

from alerts.modes import ModeClock
from crawlers.discovery import read_sources
from crawlers.keys import missing_keys
from pipeline.modes import open_clock
from pipeline.rooms import load_core, load_knowledge, open_elastic, open_mailer
from pipeline.settings import Settings
from schemas.errors import ReadError
from schemas.holidays import is_published
from schemas.times import SHANGHAI
from stores.database import Database
from stores.errors import MailUnavailable, StoreRefusedError, StoreUnavailable
from stores.mail import SmtpMailer

STATES = {"ok": "正常", "absent": "未设", "warned": "当心", "failed": "不通"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined. `state` is ok, absent (not set, and the system runs without), warned (soon
    it may fail) or failed."""

    part: str
    state: str
    note: str

    def row(self) -> dict[str, str]:
        """The finding as a table row."""
        return {"部件": self.part, "状态": STATES[self.state], "说明": self.note}


def examine(settings: Settings) -> list[Finding]:
    """Every part of the deployment, each tried for real."""
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("数据目录", _examine_home),
        ("部署知识", _examine_knowledge),
        ("文本模型", _examine_core),
        ("状态库", _examine_database),
        ("模式", _examine_mode),
        ("Elasticsearch", _examine_elastic),
        ("邮件", _examine_mail),
        ("Airflow", _examine_airflow),
    )
    findings = []
    for part, check in checks:
        try:
            findings.append(check(settings))
        except (ReadError, StoreUnavailable, StoreRefusedError, MailUnavailable, OSError) as error:
            findings.append(Finding(part, "failed", str(error)))
    return [*findings, *_examine_secrets(settings), *_examine_source_keys(settings)]


def _examine_home(settings: Settings) -> Finding:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    writable = os.access(settings.home, os.W_OK)
    return Finding(
        "数据目录", "ok" if writable else "failed", f"{settings.home} {'可写' if writable else '不可写'}"
    )


def _examine_knowledge(settings: Settings) -> Finding:
    found = load_knowledge(settings.deployment)
    counts = (len(found.places.places), len(found.duty.groups), len(found.rules))
    note = "地点 {} 个，值班组 {} 个，规则 {} 条".format(*counts)
    return Finding("部署知识", "ok", f"{found.places.name}：{note}")


def _examine_core(settings: Settings) -> Finding:
    load_core(settings.deployment)
    return Finding("文本模型", "ok", "已载入")


def _examine_database(settings: Settings) -> Finding:
    with Database(settings.state_url) as database:
        current = database.is_current()
        shown = repr(database)
    return Finding("状态库", "ok", f"{shown} {'已是最新结构' if current else '将在首次运行时建表'}")


def _examine_mode(settings: Settings) -> Finding:
    now = datetime.now(SHANGHAI)
    with Database(settings.state_url) as database:
        if not database.is_current():
            return Finding("模式", "ok", ModeClock().at(now).line())
        with database.read() as db:
            state = open_clock(db, now).at(now)
    year = "" if is_published(now.year) else f"{now.year} 年的放假安排还没有，只认周末。"
    return Finding("模式", "ok", f"{state.line()}{year}")


def _examine_elastic(settings: Settings) -> Finding:
    elastic = open_elastic(settings)
    if elastic is None:
        return Finding("Elasticsearch", "absent", "QIANSHAO_ELASTICSEARCH_URL 未设，只写状态库")
    with elastic:
        health, warnings = elastic.health(), elastic.disk_warnings()
    state = "failed" if any(one.blocked for one in warnings) else "warned" if warnings else "ok"
    note = "；".join([f"{elastic.shown_url} {health}", *(one.line for one in warnings)])
    return Finding("Elasticsearch", state, note)


def _examine_mail(settings: Settings) -> Finding:
    mailer = open_mailer(settings)
    if not isinstance(mailer, SmtpMailer):
        return Finding("邮件", "absent", f"QIANSHAO_SMTP_HOST 未设，邮件写入 {settings.home / 'outbox'}")
    mailer.check()
    return Finding("邮件", "ok", f"{settings.smtp_host}:{settings.smtp_port} 可以登录")


def _examine_airflow(settings: Settings) -> Finding:
    del settings
    found = find_spec("airflow") is not None
    note = "已安装" if found else "未安装（可选：pip install 'qianshao[airflow]'）"
    return Finding("Airflow", "ok" if found else "absent", note)


def _examine_secrets(settings: Settings) -> list[Finding]:
    names = ("database_url", "elasticsearch_api_key", "elasticsearch_password", "smtp_password", "author_key")
    return [
        Finding(name, "absent", "未设")
        if getattr(settings, name) is None
        else Finding(name, "ok", "已设（不显示）")
        for name in names
    ]


def _examine_source_keys(settings: Settings) -> list[Finding]:
    """The keys that sources need: a source that is switched on without its key collects nothing."""
    variables = settings.crawl_variables()
    found = []
    for source in read_sources(settings.sources)[0]:
        missing = missing_keys(source, variables)
        state = "ok" if not missing else "failed" if source.enabled else "absent"
        note = f"{'、'.join(missing)} 未设" if missing else "已设（不显示）"
        found += [Finding(f"来源 {source.name} 的密钥", state, note)] if source.needs else []
    return found
