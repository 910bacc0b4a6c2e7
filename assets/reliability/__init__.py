"""KPIs from the recorded states and the production of assets. Pure: no Django, no clock."""
