"""Is a delivered file what its cut and its delivery ask for? One decode of it tells.

The cut is drawn and mixed again, from the footage, and compared with what the file decodes to.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

from editing.cut import Cut
from editing.finish.delivery import Delivery
from editing.finish.mix import Mix
from editing.finish.programme import Programme
from editing.finish.source import Source, check_sources
from editing.verify.delivered import DeliveredFile, Line, caption_track
from editing.verify.finding import Check, Verification
from editing.verify.picture_check import PictureCheck
from editing.verify.sound_check import SoundCheck
from ingest.media import MediaId

_AAC_FRAME = 1024


def verify(
    path: Path,
    cut: Cut,
    sources: Mapping[MediaId, Source],
    *,
    delivery: Delivery | None = None,
    every_frame: bool = False,
    on_progress: Callable[[float], None] = lambda done: None,
) -> Verification:
    """Check a delivered file against the cut that it was made from.

    Args:
        path: The file.
        cut: The version that was delivered.
        sources: Each film of the cut.
        delivery: What the file was to be beyond the cut.
        every_frame: Whether frames between the joins are compared too.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        RenderError: A film is gone or has changed, or the delivery does not fit the cut.
        UnreadableMedia: The file cannot be opened at all.
    """
    programme = Programme.of(cut, delivery or Delivery())
    check_sources([sources[media] for media in dict.fromkeys(s.media for s in cut.slots)])
    with ExitStack() as stack:
        pictures = PictureCheck(programme, sources, every_frame=every_frame)
        stack.callback(pictures.close)
        mix = stack.enter_context(Mix(programme, sources))
        file = DeliveredFile(path, pictures.size)
        stack.callback(file.close)
        sound = SoundCheck(mix) if mix.sample_rate and file.streams.audio else None
        for item in file.frames():
            if isinstance(item, tuple):
                pictures.push(*item)
                on_progress(min(1.0, (item[0] + 1) / programme.frames))
            elif sound is not None:
                sound.push(item)
        checks = _facts(file, pictures.full_size, programme, mix)
        checks += pictures.finish(file.colours, full_range=file.full_range)
        captions = programme.delivery.captions
        if captions is not None and not captions.burnt:
            checks.append(_captions(file, programme, captions.language))
        if sound is not None:
            checks += sound.finish()
    return Verification(tuple(checks), len(file.times), pictures.joins, pictures.untold)


def _facts(
    file: DeliveredFile, size: tuple[int, int], programme: Programme, mix: Mix
) -> list[Check]:
    """What the file says of itself, and how much of it decoded."""
    checks = [_whole(file), _streams(file, programme, mix), _size(file, size)]
    checks += [_rate(file, programme), _count(file, programme)]
    return [*checks, _times(file, programme), _lengths(file, programme, mix)]


def _whole(file: DeliveredFile) -> Check:
    damage, promised = file.damage, file.promised_frames
    wanted = "every packet decodes"
    broken = damage.video_packets + damage.audio_packets
    if damage.stopped or damage.cut_packets or broken:
        why = "; ".join(damage.messages) or "a packet is cut off"
        words = f"damaged or cut off after {len(file.times)} frames: {why}"
        return Check("whole file", False, words, wanted, len(file.times))
    if promised and promised != len(file.times):
        words = f"{len(file.times)} frames decode of the {promised} in its index"
        return Check("whole file", False, words, wanted, len(file.times))
    return Check("whole file", True, "whole", wanted)


def _streams(file: DeliveredFile, programme: Programme, mix: Mix) -> Check:
    """Whether there is one picture, and as much sound and captions as there should be."""
    container, captions = file.streams.container, programme.delivery.captions
    sounds = [s for s in container.streams.audio if s.codec_context is not None]
    subtitles = container.streams.subtitles
    track = captions is not None and not captions.burnt
    found = [f"{len(container.streams.video)} picture ({file.streams.video.codec_context.name})"]
    layouts = ", ".join(f"{s.codec_context.name} {_channels(s.channels)}" for s in sounds)
    found += [f"{len(sounds)} sound ({layouts})" if sounds else "no sound"]
    found += [f"{len(subtitles)} of captions" if subtitles else "no captions"]
    sounding = mix.sample_rate is not None
    wanted = ["1 picture", f"1 sound, {_channels(mix.channels)}" if sounding else "no sound"]
    wanted += ["1 of captions" if track else "no captions"]
    right = (
        len(container.streams.video) == 1
        and [s.channels for s in sounds] == [mix.channels] * sounding
        and len(subtitles) == int(track)
    )
    return Check("streams", right, ", ".join(found), ", ".join(wanted))


def _channels(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def _size(file: DeliveredFile, size: tuple[int, int]) -> Check:
    video = file.streams.video
    found = (video.width, video.height)
    return Check("picture size", found == size, "{}x{}".format(*found), "{}x{}".format(*size))


def _rate(file: DeliveredFile, programme: Programme) -> Check:
    found, wanted = file.streams.video.average_rate, programme.cut.rate
    return Check("frame rate", found == wanted, str(found), str(wanted))


def _count(file: DeliveredFile, programme: Programme) -> Check:
    found, wanted = len(file.times), programme.frames
    frame = None if found == wanted else min(found, wanted)
    return Check("frame count", found == wanted, f"{found:,}", f"{wanted:,}", frame)


def _times(file: DeliveredFile, programme: Programme) -> Check:
    rate = programme.cut.rate
    tick = file.streams.video.time_base or Fraction(1, 1000)
    wanted = f"frame n at n / {rate} s"
    for number, time in enumerate(file.times):
        if abs(time - number / rate) > tick:
            words = f"frame {number} is at {float(time):.4f} s"
            return Check("frame times", False, words, wanted, number)
    return Check("frame times", True, "all in place", wanted)


def _lengths(file: DeliveredFile, programme: Programme, mix: Mix) -> Check:
    rate = file.streams.video.average_rate or programme.cut.rate
    picture = file.times[-1] - file.times[0] + 1 / rate if file.times else Fraction(0)
    audio = file.streams.audio
    if mix.sample_rate is None or audio is None:
        same = (mix.sample_rate is None) == (audio is None)
        words = "no sound" if audio is None else "sound, where the cut has none"
        return Check("lengths", same, words, "no sound" if mix.sample_rate is None else "sound")
    hertz = audio.sample_rate
    heard = Fraction(file.samples, hertz)
    off, late = heard - picture, file.first_sample or Fraction(0)
    most = Fraction(audio.codec_context.frame_size or _AAC_FRAME, hertz)
    words = f"sound {1000 * float(off):+.1f} ms, begins at {1000 * float(late):+.1f} ms"
    wanted = f"within an audio frame, {1000 * float(most):.1f} ms"
    return Check("lengths", abs(off) <= most and abs(late) <= most, words, wanted)


def _captions(file: DeliveredFile, programme: Programme, language: str) -> Check:
    wanted = f"a track of {len(programme.captions)}, language {language}"
    track = caption_track(file.path)
    if track is None:
        return Check("captions", False, "no track of captions", wanted)
    lines, spoken = track
    if spoken != language:
        return Check("captions", False, f"language {spoken}", wanted)
    rate, lead = programme.cut.rate, programme.leader
    asked = [
        Line((c.start + lead) / rate, (c.end + lead) / rate, c.what) for c in programme.captions
    ]
    for number, line in enumerate(asked):
        found = lines[number] if number < len(lines) else None
        frame = int(line.start * rate)
        if found is None:
            return Check("captions", False, f"caption {number + 1} is not there", wanted, frame)
        if found.text != line.text:
            words = f"caption {number + 1} says {found.text[:40]!r}"
            return Check("captions", False, words, wanted, frame)
        off = max(abs(found.start - line.start), abs(found.end - line.end))
        if off > 1 / (2 * rate):
            words = f"caption {number + 1} is off by {1000 * float(off):.0f} ms"
            return Check("captions", False, words, wanted, frame)
    if len(lines) > len(asked):
        return Check("captions", False, f"{len(lines)} captions", wanted)
    return Check("captions", True, f"{len(lines)} in place", wanted)
