"""The links in a mail: signed, for one answer to one revision of one warning, good for a week."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from alerts.path.answer import WORDS, Action, allowed_actions
from alerts.path.send import Delivery
from pipeline.settings import Settings
from schemas.records import Alert

GOOD_FOR = timedelta(days=7)
_SALT = "qianshao.answer"
_LOOK_SALT = "qianshao.look"


class LinkRefusedError(ValueError):
    """A link that is none of ours, was changed, or has run out; its text is for the person who opened it."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link lets its holder do: `action` on a warning as of `revision`, until `expires`, in the name of
    the duty group it was sent to."""

    alert_id: str
    revision: int
    action: Action
    group: str
    expires: datetime


class LinkSigner:
    """Writes and reads links with the deployment's key. The same link is always written the same, so that a
    mail sent again is the same mail."""

    def __init__(self, secret: bytes) -> None:
        signer = {"digest_method": sha256}
        self._serializer = URLSafeSerializer(secret, salt=_SALT, signer_kwargs=signer)
        self._looks = URLSafeSerializer(secret, salt=_LOOK_SALT, signer_kwargs=signer)

    def sign(self, link: Link) -> str:
        """The token that stands in the address."""
        expires = int(link.expires.timestamp())
        return str(
            self._serializer.dumps([link.alert_id, link.revision, link.action.value, link.group, expires])
        )

    def read(self, token: str, now: datetime) -> Link:
        """What a token stands for. Raises LinkRefusedError."""
        try:
            alert_id, revision, action, group, expires = self._serializer.loads(token)
            link = Link(alert_id, revision, Action(action), group, datetime.fromtimestamp(expires, UTC))
        except (BadData, ValueError, TypeError) as error:
            raise LinkRefusedError("链接不对或不完整：请从邮件里重新点开，不要手工改动") from error
        if now >= link.expires:
            raise LinkRefusedError("链接已过期：请用最近一封邮件里的链接，或在系统里处置")
        return link

    def sign_look(self, alert_id: str) -> str:
        """The token of the page where a warning can be read and not answered; it never runs out."""
        return str(self._looks.dumps(alert_id))

    def read_look(self, token: str) -> str:
        """The id of the warning that such a token stands for. Raises LinkRefusedError."""
        try:
            return str(self._looks.loads(token))
        except BadData as error:
            raise LinkRefusedError("链接不对或不完整：请从面板里重新点开，不要手工改动") from error


def make_links(settings: Settings, delivery: Delivery) -> Mapping[str, str]:
    """The buttons of a mail, label to address; empty where the deployment has no page for them.

    A digest has one link for each of its warnings, by the warning's id, which opens its page.
    """
    if settings.console_url is None:
        return {}
    signer = LinkSigner(settings.console_secret())
    group = delivery.group.name
    if not delivery.digest:
        actions = allowed_actions(delivery.alert)
        return {
            WORDS[action]: address(settings.console_url, signer, link_to(delivery.alert, action, group))
            for action in actions
        }
    return {
        alert.id: address(settings.console_url, signer, link_to(alert, allowed_actions(alert)[0], group))
        for alert in (delivery.alert, *delivery.digest)
    }


def look_address(settings: Settings, alert_id: str) -> str | None:
    """Where a warning can be read and not answered, for those who find it in the index; None where the
    deployment has no page."""
    if settings.console_url is None:
        return None
    token = LinkSigner(settings.console_secret()).sign_look(alert_id)
    return f"{settings.console_url.rstrip('/')}/v/{token}"


def link_to(alert: Alert, action: Action, group: str, expires: datetime | None = None) -> Link:
    """The link to an answer, good for a week after the revision was raised unless it is given."""
    return Link(alert.id, alert.revision, action, group, expires or alert.raised_at + GOOD_FOR)


def address(base: str, signer: LinkSigner, link: Link) -> str:
    """The address that stands in the mail."""
    return f"{base.rstrip('/')}/a/{signer.sign(link)}"
