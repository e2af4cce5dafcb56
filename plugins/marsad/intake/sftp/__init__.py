"""SFTP: each provider's own inboxes, to write only, and its receipts and reports, to read only."""
