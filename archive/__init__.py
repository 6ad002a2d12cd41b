"""What is kept, found and given out: the collection, its catalogue, its search and its dumps."""
