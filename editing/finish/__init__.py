"""Finishing: a cut as a playable file."""
