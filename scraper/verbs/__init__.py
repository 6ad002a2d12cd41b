"""The verbs of the `bayegan` command, by what a person is about: to crawl, to read, to keep, to give out."""
