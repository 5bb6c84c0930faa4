"""When to warn: one rule a YAML file, and the loader that reads them strictly."""
