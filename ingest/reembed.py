"""Embeddings of a known film by another model: only what depends on the model is done again.

Shots, measures, sound and thumbnails stay. One decode without the sound gives the very pictures
of the first pass, which the stored thumbnails, small and compressed, are not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from ingest.errors import UnreadableMedia
from ingest.features import ImageModel
from ingest.media import Embeddings
from ingest.pictures import Picture
from ingest.scaling import FrameScaler, upright
from ingest.video import Damage, Streams, decode, open_streams, rotation

_BATCH = 16


def embed_again(
    path: Path,
    picture_frames: Sequence[int],
    model: ImageModel,
    *,
    on_progress: Callable[[float], None] = lambda done: None,
) -> Embeddings:
    """Embed the shots of a film that is known; about the cost of a bare decode.

    Args:
        path: The file.
        picture_frames: `(shots,)`, rising: of which frame each shot's picture is.
        model: Makes the embeddings.
        on_progress: Called with the share of the shots that is done, 0 to 1.

    Raises:
        UnreadableMedia: It cannot be opened, or ends before the last of `picture_frames`.
    """
    streams = open_streams(path)
    vectors, waiting, done = [], list[Picture](), 0
    try:
        for picture in _pictures(replace(streams, audio=None), picture_frames):
            waiting.append(picture)
            done += 1
            if len(waiting) == _BATCH or done == len(picture_frames):
                vectors.append(model.embed(waiting))
                waiting = []
                on_progress(done / len(picture_frames))
    finally:
        streams.container.close()
    if done < len(picture_frames):
        missing = picture_frames[done]
        raise UnreadableMedia(path, f"it ends before frame {missing}, which it once had")
    return Embeddings(model.name, model.version, np.concatenate(vectors))


def _pictures(streams: Streams, chosen: Sequence[int]) -> Iterator[Picture]:
    """The pictures of the frames `chosen`, as the first pass made them."""
    scaler, wanted, turn = FrameScaler(), set(chosen), 0
    for index, frame in enumerate(decode(streams, Damage())):
        assert isinstance(frame, VideoFrame)
        if index == 0:
            turn = rotation(frame)
            scaler.small(frame)  # the first frame sets the height of all, as in the first pass
        if index in wanted:
            large = scaler.large(index, frame)
            yield upright(scaler.small(frame) if large is None else large, turn)
        if index >= chosen[-1]:
            return
