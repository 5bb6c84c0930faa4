"""The `qianshao` command line: one file a group of commands; each command calls one function of the pipeline."""
