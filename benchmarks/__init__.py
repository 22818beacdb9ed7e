"""Benchmarks: what the documentation's figures are made by."""
