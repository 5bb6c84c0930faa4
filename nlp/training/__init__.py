"""Training of the linear tasks: arrays and lists in, fitted models and scores out; no files."""
