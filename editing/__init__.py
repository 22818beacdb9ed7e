"""Catalogue to cuts: rankers, assembly, interchange and rendering, exact to the frame."""
