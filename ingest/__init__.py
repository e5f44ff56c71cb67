"""Sources become articles: extract, clean, date, split, and the ingest run."""
