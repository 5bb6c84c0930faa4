"""A report as a mail: the sentences in its body, the whole report as HTML and Word beside it."""

from datetime import datetime

from alerts.render.characters import xml_text
from alerts.render.mail import templates
from alerts.render.report.document import Report
from alerts.render.report.page import TINTS, render_page
from alerts.render.report.word import render_word
from schemas.records import Attachment, Mail
from schemas.taxonomy.duty import DutyGroup

WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_INK = "#1d4f91"


def render_letter(report: Report, group: DutyGroup, domain: str, written_at: datetime) -> Mail:
    """The mail of a report to a duty group; the same report has the same Message-ID."""
    key = f"report.{report.name}.{group.name}"
    facts = {"report": report, "group": group, "colour": _INK, "drill": False, "tints": TINTS}
    return Mail(
        message_id=f"<{key}@{domain}>",
        alert_id=key,
        revision=1,
        to=group.mails,
        subject=xml_text(report.summary),
        text=xml_text(templates().get_template("letter.txt.j2").render(facts)),
        html=xml_text(templates().get_template("letter.html.j2").render(facts)),
        attachments=(
            Attachment(f"{report.name}.docx", WORD_TYPE, render_word(report, written_at)),
            Attachment(f"{report.name}.html", "text/html", render_page(report).encode()),
        ),
    )
