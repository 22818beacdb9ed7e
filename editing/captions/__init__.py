"""Captions: read and written as SRT and WebVTT, and mapped from a film onto its cut."""
