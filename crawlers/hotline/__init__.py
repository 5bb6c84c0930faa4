"""Hotline tables in, RawPost out: CSV, XLSX, XLS, HTML and JSON Lines, read through a mapping file."""

from crawlers.hotline.importer import TableBatch, TableImport, TableReport, import_table
from crawlers.hotline.mapping import Mapping, load_mapping

__all__ = ["Mapping", "TableBatch", "TableImport", "TableReport", "import_table", "load_mapping"]
