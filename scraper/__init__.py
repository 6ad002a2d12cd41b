"""From page to record, and the Scrapy parts in between."""
