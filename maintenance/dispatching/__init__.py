"""Who should do the work, and when: spans of time and a ranking. Pure: no Django, no clock."""
