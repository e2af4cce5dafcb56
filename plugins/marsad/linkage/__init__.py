"""Linkage: which records are of one person, how surely, and why."""
