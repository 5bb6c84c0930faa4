"""Detectors of a rise in counts: pure functions on arrays, one method a file, each with its source."""
