"""Alignment: which frames of a film a trailer is made of, and what that says of its shots."""
