"""Drafts of source files: what can be seen from a page of a site, written down for somebody to look over."""
