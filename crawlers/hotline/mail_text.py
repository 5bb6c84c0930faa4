"""What somebody wrote in a mail: without what it answers, the heads of what it forwards, signatures."""

import re
from collections.abc import Iterator

_PREFIX = re.compile(r"\s*(?:(re|回复|答复)|(fwd?|转发))\s*(?:\[\d+\])?\s*[:：]\s*", re.IGNORECASE)
_LINES = r"[-_—－*\s]{0,40}"
# Where the letter begins that this one answers or forwards.
_OTHER = re.compile(
    rf"^{_LINES}(?:原始邮件|邮件原件|转发邮件信息|转发的邮件|转发邮件|"
    rf"Original Message|Forwarded [Mm]essage|Begin forwarded message:?){_LINES}$"
    r"|^.{0,80}\d.{0,80}(?:写道|wrote)\s*[:：]\s*$"
    r"|^(?:在|于|On)\s?.{4,120}(?:写道|wrote)\s*[:：]\s*$"
)
# A head that stands without such a line, as Outlook writes it: the sender first.
_SENDER = re.compile(r"^\s*[*]*(?:发件人|寄件者|From)[*]*\s*[:：]\s*\S")
_HEAD = re.compile(
    r"^\s*[*]*(?:发件人|寄件者|收件人|收件者|抄送|副本|密送|发送时间|发送日期|日期|时间|主题|主旨|附件|回复至|"
    r"From|To|Cc|Bcc|Sent|Date|Subject|Attachments|Reply-To)[*]*\s*[:：]",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^\s*[>＞|]+ ?")
_SIGNATURE = re.compile(r"^-- ?$|^(?:发自我的|从我的|来自我的|Sent from my|发送自).{1,40}$")


def clean_subject(subject: str) -> tuple[str, bool]:
    """A subject without 回复 and 转发 before it, and whether the letter forwards another.

    >>> clean_subject("转发: 回复：柳浪家园停水")
    ('柳浪家园停水', True)
    """
    forwards, first = False, True
    while (found := _PREFIX.match(subject)) is not None:
        forwards, first = forwards or (first and found[2] is not None), False
        subject = subject[found.end() :]
    return " ".join(subject.split()), forwards


def own_text(text: str, *, forwards: bool) -> str:
    """What the writer says. Of a letter that forwards another, or says nothing itself, what it forwards is
    said too, without the head with names and addresses; of one that answers another, only the answer."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    border = next((at for at, line in enumerate(lines) if _begins_other(lines, at)), len(lines))
    own = _joined(line for line in _unsigned(lines[:border]) if not _QUOTE.match(line))
    if own and not forwards:
        return own
    others = [_QUOTE.sub("", line) for line in lines[border:]]
    told = _joined(line for line in _unsigned(others) if not _OTHER.match(line) and not _HEAD.match(line))
    return "\n".join(part for part in (own, told) if part)


def _begins_other(lines: list[str], at: int) -> bool:
    line = _QUOTE.sub("", lines[at])
    if _OTHER.match(line):
        return True
    follows = sum(_HEAD.match(_QUOTE.sub("", one)) is not None for one in lines[at : at + 5])
    return _SENDER.match(line) is not None and follows > 1


def _unsigned(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if line == "--" or line == "-- ":
            return
        if not _SIGNATURE.match(line.strip()):
            yield line


def _joined(lines: Iterator[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
