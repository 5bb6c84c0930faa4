"""The world in, RawPost out: feeds, list pages, hotline tables."""
