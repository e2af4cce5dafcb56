"""Disclosure control: tables that tell nothing of a single person, and the attack that proves it."""
