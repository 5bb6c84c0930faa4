"""The stages wired once: settings, the jobs, the command line, replay and demo."""
