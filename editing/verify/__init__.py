"""Checks of a delivered file against the cut that it was made from."""
