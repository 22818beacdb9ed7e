"""Loaded once in the process that children are forked from, so that each file begins sooner.

Libraries, and the detector of faces, which takes half a second to unpack. Nothing of torch is run:
its threads would not survive the fork.
"""

import numpy as np
import scenedetect  # noqa: F401  (detectors import it late)

import ingest.analysis  # noqa: F401
from ingest.faces import find_faces

find_faces(np.zeros((64, 64, 3), np.uint8))
