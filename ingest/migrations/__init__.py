"""Ordered migrations of the catalogue: SQL files that run once each, in the order of their number.

`{identity}` stands for what the database calls an integer key that it fills in itself.
"""
