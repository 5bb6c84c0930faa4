"""One public source a file, found by path; the file name is the source's name."""
