"""Recordings of numbers over time, from sensors or anything else: read, cut, split, scaled."""
