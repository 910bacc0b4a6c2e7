"""Slow trends and lasting steps in daily figures. Pure: arrays in, arrays out."""
