"""What the catalogue knows of a file, as plain data for scripts: `reel media --format json`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ingest.media import Media


def media_facts(media: "Media", shots: int) -> dict[str, Any]:
    """One media as JSON has it; None where the file does not say.

    Times are in seconds; the size is as a viewer sees it, after rotation.
    """
    width, height = media.display_size
    return {
        "id": media.id,
        "path": media.path,
        "seconds": float(media.seconds),
        "frames": media.frames,
        "rate": str(media.rate),
        "variable_rate": media.variable_rate,
        "width": width,
        "height": height,
        "rotation": media.rotation,
        "container": media.container,
        "codec": media.codec,
        "start_seconds": float(media.start_pts * media.time_base),
        "start_timecode": media.start_timecode,
        "drop_frame": media.start_timecode and ";" in media.start_timecode.replace(",", ";"),
        "colour": asdict(media.colour) if media.colour else None,
        "high_dynamic_range": media.colour.high_dynamic_range if media.colour else None,
        **_sound_facts(media),
        "shots": shots,
        "fingerprint": media.fingerprint,
        "warnings": list(media.warnings),
    }


def _sound_facts(media: "Media") -> dict[str, Any]:
    audio = media.audio
    return {
        "sound": audio is not None,
        "sample_rate": audio.sample_rate if audio else None,
        "channels": audio.channels if audio else None,
        "channel_layout": audio.layout if audio else None,
        "sound_offset_seconds": float(audio.offset) if audio else None,
        "integrated_lufs": audio.integrated_lufs if audio else None,
        "loudness_range_lu": audio.range_lu if audio else None,
        "true_peak_dbtp": audio.true_peak_dbtp if audio else None,
    }
