"""One pass over a media file: one demux and one decode feed the detector and every measure.

Memory is bounded whatever the length of the film: what is kept of each frame is a few numbers.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ingest.audio import SoundMeter
from ingest.colour import colour_of
from ingest.detectors import make_detector
from ingest.errors import UnreadableMedia
from ingest.faces import find_faces
from ingest.features import EfficientNetLite, ImageModel
from ingest.fingerprint import fingerprint_file
from ingest.frame_times import mend_times
from ingest.measures import FRAME_MEASURES, FrameMeter, ShotTimes, momentary, shot_measures
from ingest.media import (
    Analysis,
    Audio,
    Colour,
    Curves,
    Embeddings,
    Floats,
    Media,
    MediaId,
    Shot,
)
from ingest.paths import absolute
from ingest.pictures import Picture, PictureKeeper, encode_jpeg
from ingest.proxy import ProxyWriter
from ingest.rates import frame_rate
from ingest.scaling import FrameScaler, upright
from ingest.shots import boundary_of, shots_between
from ingest.signatures import SignatureMeter
from ingest.threads import one_thread
from ingest.truncation import Reach, judge_end
from ingest.video import (
    Damage,
    Streams,
    decode,
    open_streams,
    promised_end,
    rotation,
    start_timecode,
)

Progress = Callable[[float], None]

THUMBNAIL_WIDTH = 320
_TELL_EVERY = 16
"""Frames from one word of progress to the next."""


def analyse(
    path: Path,
    *,
    fingerprint: str | None = None,
    detector: str = "cascade",
    model: ImageModel | None = None,
    accept_damaged: bool = False,
    decoder_threads: int = 0,
    proxy: ProxyWriter | None = None,
    on_progress: Progress = lambda done: None,
) -> Analysis:
    """Find the shots of a film and measure them, in one decode.

    Args:
        path: The file.
        fingerprint: Of the file, if it is known already; else the file is read once more for it.
        detector: One of `ingest.detectors.DETECTORS`.
        model: Makes the embeddings; EfficientNet-Lite0 if None.
        accept_damaged: Take what decodes of a truncated file, instead of refusing it.
        decoder_threads: 0 lets FFmpeg choose; 1 takes the least CPU time in all.
        proxy: Writes a review proxy in the same decode; none if None.
        on_progress: Called with the share of the film that is done, 0 to 1.

    Raises:
        UnreadableMedia: It cannot be opened, holds no video that decodes, or is truncated.
        MissingWeights: A network's weights are not installed.
    """
    fingerprint = fingerprint or fingerprint_file(path)
    streams = open_streams(path, threads=decoder_threads)
    try:
        with one_thread():
            return _Pass(path, streams, detector, model or EfficientNetLite(), proxy).run(
                fingerprint, accept_damaged=accept_damaged, on_progress=on_progress
            )
    finally:
        streams.container.close()


class _Pass:
    """The state of one pass over one file."""

    def __init__(
        self,
        path: Path,
        streams: Streams,
        detector: str,
        model: ImageModel,
        proxy: ProxyWriter | None,
    ) -> None:
        self.path, self.streams, self.model, self.proxy = path, streams, model, proxy
        self.claimed = _claimed_rate(streams)
        self.time_base = streams.video.time_base or Fraction(1, 1000)
        self.ticks = round(1 / ((self.claimed or Fraction(25)) * self.time_base))
        """How long a frame lasts, if it does not say so itself."""
        self.detector_name = detector
        self.detector = make_detector(detector, self.claimed or Fraction(25))
        self.damage = Damage()
        self.frame_meter = FrameMeter(self.claimed or Fraction(25))
        self.sound_meter = SoundMeter()
        self.scaler = FrameScaler()
        self.signature_meter = SignatureMeter()
        self.keeper = PictureKeeper(self._keep_picture)
        self.pts: list[int] = []
        self.end_pts = 0
        """When the last picture ends."""
        self.rotation = 0
        self.closed = 0
        self.pictures: list[Picture] = []
        self.vectors: list[Floats] = []
        self.thumbnails: list[bytes] = []
        self.picture_frames: list[int] = []
        self.faces: list[tuple[float, float]] = []

    def run(self, fingerprint: str, *, accept_damaged: bool, on_progress: Progress) -> Analysis:
        """Decode to the end, then put together what was found."""
        end = promised_end(self.streams)
        for frame in decode(self.streams, self.damage):
            if isinstance(frame, VideoFrame):
                self._take(frame)
                if end and len(self.pts) % _TELL_EVERY == 0:
                    on_progress(min(1.0, float(self._time() / end)))
            else:
                self.sound_meter.push(frame)
                if self.proxy:
                    self.proxy.push_sound(frame, self.streams)
        if not self.pts:
            reason = "none of its video can be decoded"
            raise UnreadableMedia(self.path, "; ".join([reason, *self.damage.messages]))
        self._check_complete(accept_damaged)
        self.detector.finish()
        self._close_shots(at_end=True)
        self._embed_pictures(at_least=1)
        on_progress(1.0)
        return self._put_together(fingerprint)

    def _take(self, frame: VideoFrame) -> None:
        index = len(self.pts)
        if index == 0:
            self.rotation = rotation(frame)
        self._take_time(frame)
        small, large = self.scaler.small(frame), self.scaler.large(index, frame)
        self.detector.push(small)
        sharpness = self.frame_meter.push(small)
        self.keeper.offer(index, sharpness, small, large)
        self.signature_meter.push(index, self._time(), small, self.rotation)
        if self.detector.settled > self.closed:
            self._close_shots(at_end=False)
        if self.proxy:  # last, because it may change the frame
            self.proxy.push_picture(frame, self.pts[-1], self.streams)

    def _take_time(self, frame: VideoFrame) -> None:
        """Note a frame's PTS, and until when it shows; one without gets the next tick."""
        pts = frame.pts
        if pts is None:
            pts = self.pts[-1] + self.ticks if self.pts else 0
            self._note("frames without a time; they are taken at the frame rate")
        self.pts.append(pts)
        self.end_pts = max(self.end_pts, pts + (frame.duration or self.ticks))

    def _note(self, message: str) -> None:
        if message not in self.damage.messages:
            self.damage.messages.append(message)

    def _time(self) -> Fraction:
        return self.pts[-1] * self.time_base

    def _close_shots(self, *, at_end: bool) -> None:
        settled = len(self.pts) if at_end else self.detector.settled
        boundaries = [boundary_of(t) for t in self.detector.transitions()]
        shots = [b for b in boundaries if self.closed < b <= settled and b < len(self.pts)]
        self.keeper.close(shots, settled)
        self.closed = settled
        if at_end:
            self.keeper.finish(len(self.pts))

    def _keep_picture(self, frame: int, picture: Picture) -> None:
        turned = upright(picture, self.rotation)
        self.thumbnails.append(encode_jpeg(turned, THUMBNAIL_WIDTH))
        self.picture_frames.append(frame)
        self.pictures.append(turned)
        self.faces.append(find_faces(turned))
        self._embed_pictures(at_least=16)

    def _embed_pictures(self, *, at_least: int) -> None:
        if len(self.pictures) >= at_least:
            self.vectors.append(self.model.embed(self.pictures))
            self.pictures = []

    def _check_complete(self, accept_damaged: bool) -> None:
        """Refuse a film that was cut off for sure; note it if it is taken, or only likely."""
        rate = self.streams.audio.rate if self.streams.audio else None
        heard = self.sound_meter.start
        sound = heard + Fraction(self.sound_meter.samples, rate) if rate and heard else None
        reach = Reach(self.end_pts * self.time_base, sound, 1 / (self.claimed or Fraction(25)))
        ending = judge_end(self.path, self.streams, self.damage, reach)
        if ending.sure and not accept_damaged:
            raise UnreadableMedia(
                self.path,
                f"it is truncated: {ending.reason}; {len(self.pts)} frames can be decoded",
                "Take what there is of it: reel ingest --accept-damaged FILE",
            )
        if ending.reason:
            self._note(f"{'truncated' if ending.sure else 'perhaps truncated'}: {ending.reason}")

    def _put_together(self, fingerprint: str) -> Analysis:
        time_base = self.streams.video.time_base or Fraction(1, 1000)
        pts, remarks = mend_times(
            np.array(self.pts, dtype=np.int64), time_base, self.claimed or Fraction(25)
        )
        self.damage.messages.extend(remarks)
        if self.proxy:
            self.proxy.finish(pts)
        rate, variable = frame_rate(pts, time_base, self.claimed)
        audio, sound = self.sound_meter.finish(int(pts[0]) * time_base)
        shots = shots_between(self.detector.transitions(), frames=len(pts), media=MediaId(0))
        frames, samples = self.frame_meter.values(), self.frame_meter.samples(rate)
        media = self._media(fingerprint, pts, (rate, variable), audio)
        times = _shot_times(shots, pts, media)
        vectors = np.concatenate(self.vectors)
        assert len(vectors) == len(shots) == len(self.thumbnails)
        return Analysis(
            media=media,
            detector=self.detector_name,
            shots=tuple(shots),
            frame_times=pts,
            measures=shot_measures(
                *(shots, frames, samples, sound, times), faces=self.faces, rotation=self.rotation
            ),
            curves=Curves(FRAME_MEASURES, frames, momentary(sound)),
            sound=sound,
            picture_frames=np.array(self.picture_frames, dtype=np.int64),
            embeddings=(Embeddings(self.model.name, self.model.version, vectors),),
            transition_scores=self.detector.scores(),
            thumbnails=tuple(self.thumbnails),
            signatures=self.signature_meter.finish(),
            proxy=self.proxy.path if self.proxy and self.proxy.whole else None,
        )

    def _media(
        self,
        fingerprint: str,
        pts: NDArray[np.int64],
        grid: tuple[Fraction, bool],
        audio: Audio | None,
    ) -> Media:
        video, (rate, variable) = self.streams.video, grid
        time_base = video.time_base or Fraction(1, 1000)
        return Media(
            id=MediaId(0),
            path=str(absolute(self.path)),
            fingerprint=fingerprint,
            size_bytes=self.path.stat().st_size,
            container=self.streams.container.format.name,
            codec=video.codec_context.name,
            width=video.width,
            height=video.height,
            rotation=self.rotation,
            rate=rate,
            variable_rate=variable,
            time_base=time_base,
            start_pts=int(pts[0]),
            frames=len(pts),
            duration=_duration(pts, rate, time_base, variable),
            start_timecode=start_timecode(self.streams),
            audio=audio,
            warnings=tuple(self._warnings(variable, audio)),
            colour=_colour(video.codec_context),
        )

    def _warnings(self, variable: bool, audio: Audio | None) -> list[str]:
        damage = self.damage
        found = list(dict.fromkeys(self.sound_meter.warnings))[:3]
        if damage.video_packets:
            found.append(f"{damage.video_packets} packets of the picture are damaged")
        if damage.audio_packets:
            found.append(f"{damage.audio_packets} packets of the sound are damaged")
        if self.streams.audio is None:
            found.append("no sound")
        elif audio is None:
            found.append("its sound cannot be decoded")
        if variable:
            found.append("its frame rate varies; cuts use the nearest constant rate")
        return found + damage.messages


def _claimed_rate(streams: Streams) -> Fraction | None:
    """The rate that the header gives, if it can be one."""
    rate = streams.video.guessed_rate or streams.video.average_rate
    return Fraction(rate) if rate and 0 < rate <= 1000 else None


def _duration(pts: NDArray[np.int64], rate: Fraction, base: Fraction, variable: bool) -> Fraction:
    """Seconds from the first frame to the end of the last, which lasts one frame of the grid."""
    return int(pts[-1] - pts[0]) * base + 1 / rate if variable else len(pts) / rate


def _shot_times(shots: Sequence[Shot], pts: NDArray[np.int64], media: Media) -> list[ShotTimes]:
    """When each shot is, by the times of its own frames, on the clock of the sound."""
    offset = media.audio.offset if media.audio else Fraction(0)
    first = [int(pts[shot.span.start] - pts[0]) * media.time_base - offset for shot in shots]
    return [ShotTimes(*pair) for pair in pairwise([*first, media.seconds - offset])]


def _colour(codec: VideoCodecContext) -> Colour:
    return colour_of(codec.color_primaries, codec.color_trc, codec.colorspace, codec.color_range)
