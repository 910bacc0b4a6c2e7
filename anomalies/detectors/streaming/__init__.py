"""The streaming engine for one metric: how surprising each reading is, from its own past alone."""
