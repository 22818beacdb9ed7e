"""The delivered file: MP4 with H.264, AAC and, if asked for, a track of captions (`mov_text`)."""

from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from editing.finish.colours import Colours
from editing.finish.programme import Timed
from editing.finish.sound_format import audio_frame, set_encoder
from ingest.media import Floats

_VIDEO_OPTIONS = {"crf": "18", "preset": "veryfast"}
_STYLE = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,18,&HFFFFFF,&HFFFFFF,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
"""
"""What FFmpeg makes the default style of a `mov_text` track from: white, at the bottom."""


class Encoder:
    """Writes one file: each picture with the sound that belongs to it."""

    def __init__(
        self,
        path: Path,
        *,
        rate: Fraction,
        size: tuple[int, int],
        colours: Colours,
        sample_rate: int | None,
        layout: str,
        language: str | None = None,
    ) -> None:
        """Begin a file.

        Args:
            path: What to write.
            rate: Frames per second.
            size: Even (width, height) in pixels.
            colours: What the numbers of its pictures mean.
            sample_rate: Of the sound; None for none.
            layout: Of the sound, `mono` or `stereo`.
            language: Of a track of captions, ISO 639-2; None for no track.

        Raises:
            FFmpegError, OSError: It cannot be written.
        """
        self._rate, self._sample_rate, self._layout = rate, sample_rate, layout
        options = {"movflags": "+faststart"}
        self._output = av.open(str(path), "w", format="mp4", options=options)
        self._video = self._output.add_stream("libx264", rate=rate, options=_VIDEO_OPTIONS)
        context = self._video.codec_context
        context.width, context.height = size
        context.pix_fmt, context.time_base = "yuv420p", 1 / rate
        context.colorspace, context.color_range = colours.matrix, 1  # 1: limited, as yuv420p is
        context.color_primaries, context.color_trc = colours.primaries, colours.transfer
        self._audio: Any = None
        if sample_rate is not None:
            self._audio = self._output.add_stream("aac", rate=sample_rate, layout=layout)
            set_encoder(self._audio.codec_context, sample_rate, layout)
        self._captions: Any = None
        if language is not None:
            self._captions = self._output.add_stream("mov_text")
            self._captions.codec_context.subtitle_header = _STYLE
            self._captions.metadata["language"] = language

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._output.close()

    def picture(self, frame: VideoFrame, number: int) -> None:
        """Write frame `number`; the encoder chooses its kind anew."""
        frame.pts, frame.time_base = number, 1 / self._rate
        frame.pict_type = PictureType.NONE
        self._output.mux(self._video.encode(frame))

    def sound(self, samples: Floats, start: int) -> None:
        """Write the samples that belong to a frame, from sample `start` on."""
        assert self._sample_rate
        frame = audio_frame(samples, start, self._sample_rate, self._layout)
        self._output.mux(self._audio.encode(frame))

    def caption(self, caption: Timed[str]) -> None:
        """Write a caption of the track, in frames of the file."""
        text = caption.what.encode("utf-8")
        packet = Packet(len(text).to_bytes(2, "big") + text)  # as 3GPP TS 26.245 has it
        packet.stream, packet.time_base = self._captions, 1 / self._rate
        packet.pts = packet.dts = caption.start
        packet.duration = caption.end - caption.start
        self._output.mux(packet)

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._output.mux(self._video.encode(None))
        if self._audio is not None:
            self._output.mux(self._audio.encode(None))
