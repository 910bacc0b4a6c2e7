"""The embedded default: PostgreSQL, Valkey, web, worker and beat as one tree of processes.

Nothing here is needed in production; `python -m opssight.runtime --help` lists the commands.
"""
