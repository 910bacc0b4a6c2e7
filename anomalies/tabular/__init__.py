"""Tables to score: rows of a file in chunks, where results go, and the report. No Django here."""
