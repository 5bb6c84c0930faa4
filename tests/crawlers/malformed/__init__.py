"""Malformed tables, feeds and pages: `python -m tests.crawlers.malformed` makes and keeps them."""
