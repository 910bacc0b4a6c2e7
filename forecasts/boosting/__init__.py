"""Boosted regression trees as plain arrays: fitted by scikit-learn, kept and run without it."""
