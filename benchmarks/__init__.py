"""Side-by-side measurements that `qianshao bench` runs; each prints a ratio."""

Row = dict[str, object]


def compared_row(name: str, value: float, ratio: float | None, unit: str) -> Row:
    """One line of a benchmark's table; `ratio` is to the peer of the same run, None where there is none."""
    return {
        "项目": name,
        "值": round(value, 1),
        "单位": unit,
        "倍数": None if ratio is None else round(ratio, 2),
    }
