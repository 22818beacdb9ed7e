"""Rankers against annotators: data sets, splits, summaries, and the table that comes of them."""
