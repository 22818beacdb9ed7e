"""Music under a cut: where its beats are."""
