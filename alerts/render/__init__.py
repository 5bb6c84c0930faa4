"""Warnings as people read them."""
