"""The base spiders: a source is one of these with its own selectors or tiny methods."""
