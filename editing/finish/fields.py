"""Whole pictures of interlaced films: each frame asked for is one frame, its two fields made one.

By FFmpeg's bwdif, which looks at the frame before and the one after; a frame that the decoder
does not call interlaced stays as it is.
"""

from typing import Self

from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

from editing.errors import RenderError
from editing.finish.filters import buffer_of
from editing.finish.pictures import PictureReader
from ingest.video import Streams


class FieldReader:
    """Frames of one film by their number, quickest if they are asked for in order."""

    def __init__(self, reader: PictureReader, *, deinterlace: bool = True) -> None:
        """Read through `reader`; without `deinterlace` frames are as they decode."""
        self._reader, self._deinterlace = reader, deinterlace
        self._graph: Graph | None = None
        self._pushed = -1
        """The last frame that the filter was given."""
        self._made: tuple[int, VideoFrame] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.__exit__(*error)

    @property
    def streams(self) -> Streams:
        """Of the film."""
        return self._reader.streams

    def frame(self, number: int) -> VideoFrame:
        """Decoded frame `number`, whole.

        Raises:
            RenderError: The file has no such frame where ingest found one.
        """
        if self._made is not None and self._made[0] == number:
            return self._made[1]
        picture = self._reader.frame(number)
        if not (self._deinterlace and picture.interlaced_frame):
            self._graph = None
            return picture
        return self._whole(number)

    def _whole(self, number: int) -> VideoFrame:
        """The frame with its fields made one, from the frames beside it."""
        try:
            if self._graph is None or self._pushed != number:
                self._begin(max(0, number - 1), number)
            assert self._graph is not None
            last = number + 1 == len(self._reader.times)
            self._graph.vpush(None if last else self._reader.frame(number + 1))
            whole = self._graph.vpull()
        except (FFmpegError, EOFError) as error:
            raise RenderError(
                f"the fields of frame {number:,} of {self._reader.path} cannot be made one "
                f"picture: {error}.\nRender it as it is: --no-deinterlace"
            ) from error
        if last:
            self._graph = None
        self._pushed, self._made = number + 1, (number, whole)
        return whole

    def _begin(self, first: int, number: int) -> None:
        """A filter that has been given frames `first` to `number`, so that `number` comes next."""
        picture = self._reader.frame(first)
        graph = Graph()
        steps = [
            buffer_of(graph, picture),
            graph.add("bwdif", "mode=send_frame:parity=auto:deint=all"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        graph.vpush(picture)
        if first < number:
            graph.vpush(self._reader.frame(number))
            graph.vpull()  # the frame before, which lacks its own
        self._graph = graph
