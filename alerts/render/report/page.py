"""A report as one HTML file that needs nothing else, to be read on a screen and printed on A4."""

from base64 import b64encode

from alerts.render.characters import xml_text
from alerts.render.mail import COLOURS, templates
from alerts.render.report.document import WORDY, Report
from alerts.wording import LEVELS, level_zh

TINTS = {name: COLOURS[level] for level in COLOURS for name in (LEVELS[level], level_zh(level))}


def render_page(report: Report) -> str:
    """The page; the picture lies inside it."""
    pictures = {
        section.title: b64encode(section.picture.png).decode()
        for section in report.sections
        if section.picture is not None
    }
    page = templates().get_template("report.html.j2")
    return xml_text(page.render(report=report, pictures=pictures, tints=TINTS, wordy=WORDY))
