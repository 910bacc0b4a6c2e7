"""How long an asset lives on, learned from run-to-failure histories."""
