"""Bytes to text, whatever servers claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.charset import decode_text, guess_encoding
from schemas.errors import ReadError, Where

TEXT = "<p>河口街道今晚停水，请居民提前储水。</p>"
PAGE = Where("http://demo.example/1")
han = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=20, max_size=200)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(TEXT.encode(), "", id="utf-8 without a word"),
        pytest.param(TEXT.encode("utf-8-sig"), "text/html", id="utf-8 with mark"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=GBK", id="gbk in header"),
        pytest.param(b"<meta charset='gb2312'>" + TEXT.encode("gb18030"), "", id="gb2312 in page"),
        pytest.param(TEXT.encode("gb18030"), "", id="gb18030 without a word"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=utf-8", id="header lies utf-8"),
        pytest.param(TEXT.encode(), "text/html; charset=gbk", id="header lies gbk"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=ISO-8859-1", id="server default latin-1"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=nonsense", id="unknown charset"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=base64", id="charset that is no text"),
        pytest.param(TEXT.encode("gb18030"), "text/html; charset=undefined", id="charset that is none"),
        pytest.param(TEXT.encode("utf-16"), "", id="utf-16 with mark"),
    ],
)
def test_decodes_in_spite_of_header_and_page(data: bytes, content_type: str) -> None:
    assert decode_text(data, content_type=content_type, where=PAGE).endswith(TEXT)


def test_big5_holds_where_the_page_declares_it() -> None:
    text = "臺北市停水通知，請居民提前儲水"
    assert decode_text(text.encode("big5"), content_type="text/html; charset=big5", where=PAGE) == text


def test_broken_bytes_are_one_clear_line() -> None:
    data = TEXT.encode()[:20] + b"\xff\xfe\x81\x30" + TEXT.encode()[20:]
    with pytest.raises(ReadError, match=r"^http://demo\.example/1: 编码 = .*应为 utf-8 编码的文字"):
        decode_text(data, content_type="", where=PAGE)


@given(han, st.sampled_from(["utf-8", "gb18030", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]))
def test_guesses_the_encoding_of_a_table(text: str, encoding: str) -> None:
    table = f"工单编号,受理时间,诉求内容\r\n1,2026-01-31 08:00:00,{text}\r\n"
    data = table.encode(encoding)
    assert data.decode(guess_encoding(data)) == table


@given(han)
def test_utf_8_with_a_broken_byte_is_not_read_as_gb18030(text: str) -> None:
    data = text.encode()
    assert guess_encoding(data[:30] + b"\xff" + data[30:]) == "utf-8"
