"""Footage to catalogue: shots, measures and embeddings from one decode of each file."""
