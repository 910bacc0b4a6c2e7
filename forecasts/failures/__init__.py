"""How likely an asset fails within a day, a week, a month: learned from what happened before."""
