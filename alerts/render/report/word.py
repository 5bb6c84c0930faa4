"""A report as a Word file laid out like an official document (GB/T 9704-2012): 仿宋 text, 黑体 headings."""

from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as DocumentType
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as WordTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from alerts.render.characters import xml_text
from alerts.render.report.document import WORDY, Picture, Report, Section, Table
from alerts.render.report.page import TINTS

# What the standard asks for: A4 with these margins, text in 三号 (16 pt) at 28 pt a line.
_TOP, _BOTTOM, _LEFT, _RIGHT = Mm(37), Mm(35), Mm(28), Mm(26)
_LINE_WIDTH = Mm(210 - 28 - 26)
_RED = RGBColor(0xC0, 0x00, 0x00)
_BLACK = RGBColor(0, 0, 0)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def render_word(report: Report, written_at: datetime) -> bytes:
    """The .docx; the same report gives the same bytes."""
    document = Document()
    _set_page(document)
    _set_styles(document)
    document.add_heading(xml_text(report.title), 0)
    for line in report.lines:
        document.add_paragraph(xml_text(line), "Subtitle")
    for section in report.sections:
        _add_section(document, section)
    properties = document.core_properties
    properties.title, properties.author, properties.language = xml_text(report.title), "前哨", "zh-CN"
    properties.comments = ""
    properties.created = properties.modified = written_at
    saved = BytesIO()
    document.save(saved)
    return _repack(saved.getvalue())


def _set_page(document: DocumentType) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin = _TOP, _BOTTOM
    page.left_margin, page.right_margin = _LEFT, _RIGHT
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    footer.add_run("— ")
    _add_field(footer.add_run(), "PAGE")
    footer.add_run(" —")


def _set_styles(document: DocumentType) -> None:
    _set_font(document, "Normal", "仿宋", 16)
    _set_font(document, "Title", "宋体", 22, bold=True, colour=_RED)
    _set_font(document, "Subtitle", "楷体", 12)
    _set_font(document, "Heading 1", "黑体", 16)
    _set_font(document, "Caption", "黑体", 10.5)
    _set_font(document, "Footer", "宋体", 14)
    normal = _style(document, "Normal").paragraph_format
    normal.line_spacing_rule, normal.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(28)
    normal.space_after = Pt(0)
    for name in ("Title", "Subtitle", "Caption"):
        _style(document, name).paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Subtitle", "Caption", "Footer"):
        _style(document, name).paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    caption = _style(document, "Caption").paragraph_format
    caption.keep_with_next, caption.space_before, caption.space_after = True, Pt(6), Pt(4)
    _style(document, "Heading 1").paragraph_format.space_before = Pt(14)
    _drop_frame(_style(document, "Title"))


def _style(document: DocumentType, name: str) -> ParagraphStyle:
    style = document.styles[name]
    if not isinstance(style, ParagraphStyle):
        raise TypeError(name)
    return style


def _set_font(
    document: DocumentType,
    name: str,
    font: str,
    size: float,
    *,
    bold: bool = False,
    colour: RGBColor = _BLACK,
) -> None:
    """Give a style its font for Chinese and Latin alike; the template's theme fonts would win otherwise."""
    style = _style(document, name)
    style.font.name, style.font.size, style.font.bold, style.font.italic = font, Pt(size), bold, False
    style.font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def _drop_frame(style: ParagraphStyle) -> None:
    """Take away the line that the template draws below a title."""
    for border in style.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)


def _add_section(document: DocumentType, section: Section) -> None:
    document.add_heading(xml_text(section.title), 1)
    for text in section.paragraphs:
        document.add_paragraph(xml_text(text)).paragraph_format.first_line_indent = Pt(32)
    if section.picture is not None:
        _add_picture(document, section.picture)
    for table in section.tables:
        _add_table(document, table)


def _add_picture(document: DocumentType, picture: Picture) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # An exact line height would cut the picture off.
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(BytesIO(picture.png), width=Mm(140))
    shape._inline.docPr.set("descr", f"{picture.title}：{picture.numbers}")  # noqa: SLF001 - no public way
    document.add_paragraph(picture.title, "Caption").paragraph_format.keep_with_next = False


def _add_table(document: DocumentType, table: Table) -> None:
    document.add_paragraph(xml_text(table.title), "Caption")
    shown = document.add_table(0, len(table.head), "Table Grid")
    shown.alignment, shown.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _narrow_margins(shown)
    _add_row(shown, table, table.head, bold=True)
    _repeat(shown.rows[0])
    for row in table.rows:
        _add_row(shown, table, row)
    # Word goes by the cells, LibreOffice and WPS by the columns.
    for column, width in zip(shown.columns, table.widths, strict=True):
        column.width = _width(table, width)
    document.add_paragraph().paragraph_format.line_spacing = Pt(10)


def _narrow_margins(shown: WordTable) -> None:
    """Leave the columns their width: 0.7 mm beside the text instead of Word's 1.9 mm."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "40")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    shown._tbl.tblPr.append(margins)  # noqa: SLF001 - no public way


def _width(table: Table, share: float) -> Length:
    return Length(int(_LINE_WIDTH * share / sum(table.widths)))


def _add_row(shown: WordTable, table: Table, texts: Iterable[str], *, bold: bool = False) -> None:
    row: _Row = shown.add_row()  # type: ignore[no-untyped-call]
    _keep_whole(row)
    for cell, text, width in zip(row.cells, texts, table.widths, strict=True):
        cell.width = _width(table, width)
        _fill(cell, text, bold=bold, centred=bold or width < WORDY)


def _fill(cell: _Cell, text: str, *, bold: bool, centred: bool) -> None:
    paragraph: Paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(xml_text(text))
    run.font.size, run.font.bold = Pt(9), bold or text in TINTS
    if text in TINTS:
        run.font.color.rgb = RGBColor.from_string(TINTS[text].lstrip("#").upper())


def _repeat(row: _Row) -> None:
    """Show the head again on every page the table runs over."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - no public way


def _keep_whole(row: _Row) -> None:
    """Let no row break over two pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 - no public way


def _add_field(run: Run, instruction: str) -> None:
    """A field that Word fills in: PAGE for the number of the page."""
    for kind, text in (("begin", None), (None, instruction), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)  # noqa: SLF001 - no public way


def _repack(content: bytes) -> bytes:
    """The same file without the times of its writing."""
    packed = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, _EPOCH), source.read(name), ZIP_DEFLATED)
    return packed.getvalue()
