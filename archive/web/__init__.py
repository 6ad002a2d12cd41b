"""`bayegan serve`: read-only pages over a collection, each with a JSON twin."""
