"""The room of real servers, by the name under which the tests know it."""

from pipeline.dev.service import Owner, PartMissingError, Service, cache_folder, choose_port, free_port

__all__ = ["Owner", "PartMissingError", "Service", "cache_folder", "choose_port", "free_port"]
