"""Intake: landing, readers, normalising, ledger, receipts and the reports that go back to providers."""
