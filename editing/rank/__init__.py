"""Rankers: what a shot is worth in a cut, learned or stated, and why."""
