"""The daily and weekly report: numbers, sentences made from numbers alone, HTML and Word."""
