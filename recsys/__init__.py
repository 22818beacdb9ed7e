"""Viewing logs to recommendations and audiences. Footage is seen only as a table handed in."""
