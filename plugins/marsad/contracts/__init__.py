"""Contracts: load, check, compare; code lists; drafts from a sample; file templates."""
