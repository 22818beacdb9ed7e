"""Viewing logs from files: read, typed, checked row by row, and kept."""
