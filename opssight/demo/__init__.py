"""The demo plant: what `make demo` shows. It runs through the same services as a real plant."""
