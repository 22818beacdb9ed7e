"""Graphs of FFmpeg's filters over the pictures of one film."""

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame


def buffer_of(graph: Graph, like: VideoFrame) -> FilterContext:
    """Where pictures like one go into a graph; it is told their colours, so that none is guessed.

    Their times do not matter to it: it is given one after the other.
    """
    return graph.add(
        "buffer",
        video_size=f"{like.width}x{like.height}",
        pix_fmt=like.format.name,
        time_base="1/24",
        colorspace=str(int(like.colorspace)),
        range=str(int(like.color_range)),
    )
