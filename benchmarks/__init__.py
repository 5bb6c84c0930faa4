"""Side-by-side measurements that `qianshao bench` runs; each prints a ratio."""
