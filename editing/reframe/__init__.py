"""The part of the picture that a cut of another shape shows."""
