"""This folder is a program of its own (`make fuzz`); pytest looks for no doctests in it."""

collect_ignore_glob = ["*.py"]
