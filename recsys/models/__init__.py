"""Recommenders behind one interface; `registry` knows them by name."""
