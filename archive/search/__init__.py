"""Persian full-text search over the records."""
