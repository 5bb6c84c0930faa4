"""Writes a draft as a source file."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from crawlers.drafts.draft import Draft
from crawlers.source import NAME
from schemas.errors import ReadError, Where

# What every address has and no name needs.
_COMMON = frozenset(["www", "com", "cn", "gov", "org", "net", "edu", "m", "news", "rss", "feed"])
_EVERY = {"feed": "30m", "api": "30m", "forum": "30m"}


def name_source(url: str) -> str:
    """A name for the source of an address: `cn_` and what is its own in the host.

    >>> name_source("https://www.yunting.gov.cn/xw/")
    'cn_yunting'
    """
    host = urlsplit(url).hostname or ""
    parts = [part for part in host.split(".") if part not in _COMMON and not part.isdigit()]
    own = re.sub(r"[^a-z0-9]", "", parts[-1].lower()) if parts else ""
    return f"cn_{own or 'site'}"


def write_draft(draft: Draft, name: str, folder: Path, *, allow_private: bool) -> Path:
    """Write the file of a drafted source; its path. Raises ReadError for a name that is taken or no name."""
    path = folder / f"{name}.py"
    if not NAME.fullmatch(name):
        raise ReadError(Where(str(folder)), "名称", name, "<地方>_<名称>，小写字母、数字和下划线")
    if path.exists():
        raise ReadError(Where(str(path)), "名称", name, "没有用过的名称；要改就改那个文件")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(render_draft(draft, name, allow_private=allow_private), encoding="utf-8")
    return path


def render_draft(draft: Draft, name: str, *, allow_private: bool) -> str:
    """The text of a source file."""
    least, most = max(1, draft.count // 2), max(100, draft.count * 20)
    settings = [
        ("name", name),
        ("publisher", draft.publisher),
        ("kind", draft.kind),
        ("url", draft.url),
        ("every", _EVERY.get(draft.kind, "1h")),
    ]
    lines = [f"    {key}={_quoted(value)}," for key, value in settings]
    lines += [f"    expect=Count(min={least}, max={most}),"]
    lines += [
        "    # 核对了选择器和网站的规定，再启用，并写上 verified=date(年, 月, 日)。",
        "    enabled=False,",
    ]
    lines += ["    allow_private=True,"] if allow_private else []
    return "\n".join([
        f'"""{_plain(draft.publisher)}。由 qianshao sources new 起草，请核对。',
        "",
        "Not verified live. Terms: 请写下网站对转载和抓取的规定。",
        '"""',
        "",
        *_imports(draft),
        "",
        "SOURCE = Source(",
        *lines,
        ")",
        "",
        "",
        f"class {''.join(part.capitalize() for part in name.split('_'))}({draft.base}):",
        "    source = SOURCE",
        *(f"    {key} = {_value(value)}" for key, value in draft.fields.items()),
        *(line for method in draft.methods for line in ("", method)),
        "",
    ])  # fmt: skip


def _plain(text: str) -> str:
    """What may stand in a docstring as it is."""
    return text.replace("\\", " ").replace('"', " ")


def _imports(draft: Draft) -> list[str]:
    own = [line for line in draft.imports if line.startswith("from crawlers")]
    ours = [
        *own,
        "from crawlers.source import Count, Source",
        f"from crawlers.spiders.{draft.module} import {draft.base}",
    ]
    library = [line for line in draft.imports if line not in own]
    return [*library, *([""] if library else []), *sorted(ours)]


def _quoted(text: str) -> str:
    """The text as ruff would write it: in double quotes, where it has none itself."""
    if "\\" in text and not {'"', "\n"} & set(text) and not text.endswith("\\"):
        return f'r"{text}"'
    escaped = text.replace("\\", "\\\\").replace("\n", " ")
    if '"' in text and "'" not in text:
        return f"'{escaped}'"
    return '"' + escaped.replace('"', '\\"') + '"'


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {_quoted(inner)}" for key, inner in value.items()) + "}"
    return _quoted(value) if isinstance(value, str) else repr(value)
