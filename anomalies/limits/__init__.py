"""Alarm limits of one sensor: levels and rates of change. Pure: arrays in, events out."""
