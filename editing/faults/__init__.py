"""Faults of a cut: looked for at its joins and inside its slots, and repaired where possible."""
