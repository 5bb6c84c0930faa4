"""The page behind the links of a mail: GET shows the warning and changes nothing, POST gives the answer.

Links from the index show the same page without anything to press.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from alerts.path.answer import WORDS, Action, AnswerRefusedError, allowed_actions
from alerts.wording import full_time, level_zh
from console.limits import BadTries
from console.pages import View, render_alert, render_message, snooze_until
from pipeline.jobs.respond import save_answer
from pipeline.links import Link, LinkRefusedError, LinkSigner
from pipeline.mails import name_sources
from pipeline.rooms import Rooms
from schemas.records import Alert
from schemas.times import SHANGHAI
from stores.database.alerts import alert_history, alerts_by_id
from stores.database.coverage import publishers
from stores.database.events import events_by_id
from stores.database.links import UsedLink, find_used, use_link
from stores.database.posts import posts_by_id
from stores.errors import StoreUnavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST_FORM = 16_384
LONGEST_NAME, LONGEST_NOTE = 40, 500
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_HOME = ("前哨值班页", ("请从预警邮件里的按钮打开处置页面。",))
_ROUTES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/style.css", endpoint="style", methods=["GET"]),
        Rule("/a/<token>", endpoint="alert", methods=["GET", "POST"]),
        Rule("/v/<token>", endpoint="look", methods=["GET"]),
    ]
)


class Console:
    """The page as a WSGI application over the rooms of one deployment. `clock` tells the time."""

    def __init__(self, rooms: Rooms, clock: Callable[[], datetime] = lambda: datetime.now(SHANGHAI)) -> None:
        self._rooms, self._clock = rooms, clock
        self._signer = LinkSigner(rooms.settings.console_secret())
        self._tries = BadTries()
        self._style = files("console").joinpath("templates/style.css").read_text("utf-8")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = request.max_form_memory_size = LONGEST_FORM
        response = self._respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        try:
            endpoint, given = _ROUTES.bind_to_environ(request.environ).match()
            if endpoint == "style":
                return Response(self._style, mimetype="text/css", headers={"Cache-Control": "max-age=3600"})
            if endpoint == "home":
                return _page(render_message(*_HOME).replace("../style.css", "style.css"))
            opened = self._look if endpoint == "look" else self._open
            return opened(request, given["token"])
        except NotFound:
            return _page(render_message("没有这个页面", _HOME[1]), 404)
        except StoreUnavailable:
            lines = ("系统暂时用不了，这次没有记下。", "请稍后再试；事情紧急就直接打电话。")
            return _page(render_message("暂时用不了", lines), 503)
        except HTTPException as error:
            return _page(render_message("请求不对", (f"{error.code} {error.name}",)), error.code or 400)

    def _open(self, request: Request, token: str) -> Response:
        now = self._clock()
        try:
            link = self._signer.read(token, now)
        except LinkRefusedError as error:
            return self._refuse(request, error, now)
        if request.method == "POST":
            return self._answer(request, token, link, now)
        with self._rooms.database.read() as db:
            view = self._view(db, token, link)
        return _page(render_alert(view))

    def _look(self, request: Request, token: str) -> Response:
        """The warning as it stands, with nothing to press."""
        try:
            alert_id = self._signer.read_look(token)
        except LinkRefusedError as error:
            return self._refuse(request, error, self._clock())
        with self._rooms.database.read() as db:
            alert = alerts_by_id(db, [alert_id]).get(alert_id)
            if alert is None:
                raise NotFound
            return _page(render_alert(self._shown(db, alert)))

    def _refuse(self, request: Request, error: LinkRefusedError, now: datetime) -> Response:
        if self._tries.note(request.remote_addr or "", now):
            return _page(render_message("试得太多", ("错误的链接太多，请十分钟后再试。",)), 429)
        return _page(render_message("链接打不开", (str(error), "要紧的事请直接打电话。")), 403)

    def _answer(self, request: Request, token: str, link: Link, now: datetime) -> Response:
        who = " ".join(request.form.get("who", "").split())[:LONGEST_NAME]
        note = request.form.get("note", "").strip()[:LONGEST_NOTE]
        try:
            with self._rooms.database.begin() as db:
                _use(db, UsedLink(_digest(token), link.alert_id, link.action.value, who, now))
                _refuse_unseen(db, link, request.form.get("seen", ""))
                until = snooze_until(request.form.get("minutes", ""), now)
                save_answer(db, _alert(db, link), link.action, who, now, self._via(link, note), until)
        except AnswerRefusedError as error:
            with self._rooms.database.read() as db:
                view = replace(self._view(db, token, link), problem=str(error), who=who, note=note)
            return _page(render_alert(view), 409)
        # Shown by a GET of its own, so that reloading the page answers nothing twice.
        return Response(status=303, headers={"Location": token})

    def _view(self, db: Connection, token: str, link: Link) -> View:
        alert = _alert(db, link)
        used = find_used(db, _digest(token))
        action = link.action if used is None and link.action in allowed_actions(alert) else None
        return replace(
            self._shown(db, alert),
            action=action,
            actions={one: self._token(alert, one, link) for one in allowed_actions(alert)}
            | ({} if action is None else {action: token}),
            opened=link.revision,
            used=used,
        )

    def _shown(self, db: Connection, alert: Alert) -> View:
        """What everybody sees of a warning; nothing can be done about it."""
        names = publishers(db)
        posts = posts_by_id(db, alert.post_ids)
        events = events_by_id(db, [alert.event_id] if alert.event_id else [])
        duty = self._rooms.knowledge.duty
        return View(
            alert=name_sources(alert, names),
            event=events.get(alert.event_id or ""),
            posts=[posts[post_id] for post_id in alert.post_ids if post_id in posts],
            group=duty.groups.get(alert.route, duty.default),
            publishers=names,
            action=None,
            actions={},
            opened=alert.revision,
        )

    def _token(self, alert: Alert, action: Action, link: Link) -> str:
        """A link to another answer, of the same group and as long good."""
        return self._signer.sign(Link(alert.id, alert.revision, action, link.group, link.expires))

    def _via(self, link: Link, note: str) -> str:
        """The note with the group whose mail was answered; a false alarm still needs words of its own."""
        if not note and link.action == Action.FALSE_ALARM:
            return ""
        group = self._rooms.knowledge.duty.groups.get(link.group)
        return f"{note}（{link.group if group is None else group.zh}的邮件链接）"


def _alert(db: Connection, link: Link) -> Alert:
    alert = alerts_by_id(db, [link.alert_id]).get(link.alert_id)
    if alert is None:
        raise NotFound
    return alert


def _use(db: Connection, link: UsedLink) -> None:
    if use_link(db, link):
        return
    first = find_used(db, link.token) or link
    line = f"这个链接已由{first.who}在{full_time(first.at)}用过（{WORDS[Action(first.action)]}），不用再点"
    raise AnswerRefusedError(line)


def _refuse_unseen(db: Connection, link: Link, seen: str) -> None:
    """Nobody answers for a level that was not on the page when it was opened."""
    alert = _alert(db, link)
    shown = [one for one in alert_history(db, alert.id) if str(one.revision) == seen]
    if not shown or shown[0].level > alert.level:
        line = f"这件事刚刚升为{level_zh(alert.level)}，请看过现在的情况再{WORDS[link.action]}"
        raise AnswerRefusedError(line)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _page(html: str, status: int = 200) -> Response:
    return Response(html, status=status, mimetype="text/html")
