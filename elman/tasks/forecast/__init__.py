"""Forecasting: many series, one network; beside it the methods that need none."""
