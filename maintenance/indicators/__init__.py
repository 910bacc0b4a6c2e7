"""KPIs of maintenance work. Pure: no Django, no clock."""
