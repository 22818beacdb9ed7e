"""Interchange: cuts written for other editing systems, and read back to prove it."""
