"""The `qianshao` command line: one file a group; a command calls one function."""
