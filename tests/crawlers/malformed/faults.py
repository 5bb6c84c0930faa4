"""What may be wrong with one field, and the word that must be told for it; each is put into every format."""

TIMES = {
    "word": "昨天吧",
    "february": "2026-02-30 08:00:00",
    "month": "2026-13-01 08:00:00",
    "clock": "2026-01-31 25:61:00",
    "zero": "0000-00-00 00:00:00",
    "future": "2031-01-01 08:00:00",
    "lunar": "腊月二十三",
    "error": "#REF!",
    "number": "12345",
    "range": "2026-01-30 至 2026-01-31",
}
COUNTS = {"negative": "-1", "word": "很多", "hex": "0x10", "two": "3 4"}
BLANKS = {"none": "", "blanks": "  \u3000 ", "lines": "\n\n"}
UNKNOWN, MISSING, UNREAD_TIME, UNREAD_COUNT = "取值不认识", "缺必填项", "时间读不懂", "数读不懂"
NO_TEXT = "缺标题或正文"
# Files that are no text, by their first bytes.
FILES = {
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
    "word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    "gif": b"GIF89a\x01\x00\x01\x00\x80",
    "rar": b"Rar!\x1a\x07\x01\x00",
}
# Bytes that fit no Chinese encoding, in the middle of a text.
BROKEN = b"\xff\xfe\x81"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)
