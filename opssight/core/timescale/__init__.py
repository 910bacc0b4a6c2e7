"""What differs where the server is a TimescaleDB."""

WITHOUT_LIMIT = "SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0"
"""Else a transaction that writes into compressed chunks fails after 100,000 readings around it.

A plain server knows no such setting, and takes it for one of the product's own.
"""
