"""Readings of sensors in: tables through a mapping file, JSON interfaces through a source file."""
