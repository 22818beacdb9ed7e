"""Make the sample films: small transcodes of the film's first half and of the trailer cut from it.

    python data/sample/make_sample.py FOLDER_WITH_THE_ORIGINALS

Every frame is kept, so frame numbers known for the originals hold for the samples too.
"""

import sys
from fractions import Fraction
from pathlib import Path

import av

WIDTH, HEIGHT = 480, 270
CREDIT = "(c) 2008, Blender Foundation / www.bigbuckbunny.org, CC BY 3.0; made smaller by Reelroom"
FILMS = {
    "bbb_first_part.mp4": ("big_buck_bunny_first_half.mp4", "Big Buck Bunny (first half)"),
    "bbb_trailer_moviepy.mp4": ("big_buck_bunny_trailer.mp4", "Big Buck Bunny (trailer)"),
}


def transcode(source: Path, target: Path, title: str) -> None:
    """Write `source` at 480x270 as H.264 and AAC, frame for frame."""
    with av.open(str(source)) as film, av.open(str(target), "w") as sample:
        sample.metadata.update({"title": title, "copyright": CREDIT})
        picture = film.streams.video[0]
        video = sample.add_stream("libx264", rate=picture.average_rate)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        limits = {"maxrate": "600k", "bufsize": "1200k"}
        video.options = {"crf": "27", "preset": "slower", "g": "96", **limits}
        tick = 1 / Fraction(picture.average_rate)
        video.codec_context.time_base = tick
        sound = film.streams.audio[0]
        audio = sample.add_stream("aac", rate=sound.rate, layout="stereo")
        audio.bit_rate = 80_000
        frames = 0
        for packet in film.demux(picture, sound):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    small = frame.reformat(WIDTH, HEIGHT, "yuv420p", interpolation="LANCZOS")
                    small.pts, small.time_base = frames, tick
                    small.pict_type = 0
                    frames += 1
                    sample.mux(video.encode(small))
                else:
                    sample.mux(audio.encode(frame))
        sample.mux(video.encode(None))
        sample.mux(audio.encode(None))
    print(f"{target.name}: {frames} frames, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    for original, (name, title) in FILMS.items():
        transcode(Path(sys.argv[1]) / original, Path(__file__).parent / name, title)
