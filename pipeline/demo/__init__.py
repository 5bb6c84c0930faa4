"""The demo: a simulated city with scripted crises, run through the whole job, and its report."""
