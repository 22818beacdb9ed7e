"""The commands of `reel`, one module for each part of the product."""
