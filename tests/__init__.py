"""Tests: they mirror the rooms; parts/ starts the real servers they need."""
