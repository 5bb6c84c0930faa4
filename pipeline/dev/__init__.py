"""A development deployment of plain processes: the same servers as in deploy/, without containers."""
