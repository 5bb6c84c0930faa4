"""Events and series in, written warnings out: detectors, rules, levels, the alert path, rendering. Pure."""
