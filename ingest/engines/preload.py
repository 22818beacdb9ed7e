"""Loaded once in the process that children are forked from, so that each file begins sooner.

Libraries, and the detector of faces, which takes half a second to unpack. Nothing of OpenVINO or
torch is run, and OpenCV on one thread only: threads would not survive the fork, and be waited for
in vain.
"""

from contextlib import suppress

import cv2
import numpy as np
import scenedetect  # noqa: F401  (detectors import it late)

import ingest.analysis  # noqa: F401
from ingest.faces import find_faces

with suppress(ModuleNotFoundError):  # then torch runs the networks, and is imported late
    import openvino  # noqa: F401

cv2.setNumThreads(1)
find_faces(np.zeros((64, 64, 3), np.uint8))
