"""Relink: a cut made on proxies, told in the frames of the camera originals."""
