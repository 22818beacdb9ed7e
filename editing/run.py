"""Editing from end to end: suggest a cut of an ingested film, export it, render it.

What the command and the dashboard call; the thinking is in the modules it puts together.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from editing.assemble.assembly import assemble
from editing.assemble.explanation import explanation
from editing.assemble.why import Choice, why
from editing.captions.caption import Caption
from editing.captions.of_cut import captions_of_cut
from editing.captions.reading import read_captions
from editing.captions.srt import write_srt
from editing.captions.webvtt import write_webvtt
from editing.cut import FILM_ORDER, Brief, Cut, Reason
from editing.cut_order import arrangement, learned_order, order_in_words
from editing.cut_store import create_cut
from editing.errors import EditingError, RenderError, TimelineError
from editing.film_footage import film_for, footage_from_catalog
from editing.finish.delivery import Delivery, with_music_of
from editing.finish.render import Rendered, render
from editing.finish.source import Source
from editing.finish.whole_file import whole_file
from editing.frame_grid import FrameGrid
from editing.interchange.ale import write_ale
from editing.interchange.csv_list import write_csv
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.from_cut import sequence_from_cut
from editing.interchange.remarks import TimelineFormat
from editing.interchange.sequence import Sequence
from editing.interchange.timeline import write_otio
from editing.rank.film import Ranker, ShotScores
from editing.rank.store import load_ranker
from editing.reframe.of_cut import with_windows
from editing.relink.links import read_links
from editing.verify.finding import Verification
from editing.verify.verification import verify
from ingest.catalog import Catalog
from ingest.media import Media, MediaId

ExportFormat = TimelineFormat
CaptionFormat = Literal["srt", "vtt"]
CutOrder = Literal["film", "learned"]
Progress = Callable[[float], None]

EXPORT_SUFFIXES: dict[ExportFormat, str] = {
    "otio": ".otio",
    "edl": ".edl",
    "fcp7": ".xml",
    "fcpxml": ".fcpxml",
    "ale": ".ale",
    "csv": ".csv",
}
_WRITERS: dict[ExportFormat, Callable[[Sequence], str]] = {
    "otio": write_otio,
    "edl": write_edl,
    "fcp7": write_fcp7xml,
    "fcpxml": write_fcpxml,
    "ale": write_ale,
    "csv": write_csv,
}
_CAPTIONS: dict[CaptionFormat, Callable[[list[Caption]], str]] = {
    "srt": write_srt,
    "vtt": write_webvtt,
}


def suggest_cut(
    catalog: Catalog,
    media: Media,
    brief: Brief,
    ranker_name: str = "linear",
    *,
    author: str = "reel",
    order: CutOrder = "film",
    on_progress: Progress = lambda done: None,
) -> Cut:
    """Assemble the best cut of a film and keep it in the catalogue as version 1.

    Args:
        catalog: Holds the film.
        media: The film.
        brief: What is asked, in frames of the film's rate.
        ranker_name: `linear`, `lstm`, `transformer`, or `name@version`.
        author: Who asked.
        order: `film`, or `learned`: the chosen slots as the transformer that learned the order
            of trailers puts them, which the cut's note then names.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        ImpossibleBrief: No cut of this film keeps the brief.
        ModelError: There is no such ranker, it was made for other features, or none has learned
            an order.
        NotIngested: The film was ingested without something that is needed.
    """
    ranker = load_ranker(catalog, ranker_name)
    brief = replace(
        brief, order=learned_order(catalog, ranker) if order == "learned" else FILM_ORDER
    )
    on_progress(0.1)
    footage = footage_from_catalog(catalog, media, ranker)
    on_progress(0.4)
    assembly = assemble(footage, brief, arrange=arrangement(catalog, media, brief.order))
    on_progress(0.6)
    slots = with_windows(
        catalog, assembly.slots, brief.aspect, lambda done: on_progress(0.6 + 0.3 * done)
    )
    on_progress(0.95)
    cut = create_cut(
        catalog,
        media,
        name=f"{Path(media.name).stem} {brief.kind}",
        brief=brief,
        slots=slots,
        ranker=f"{ranker.name} {ranker.version}",
        author=author,
        note=explanation(footage, brief, assembly) + order_in_words(brief.order),
        gap=assembly.gap,
    )
    on_progress(1.0)
    return cut


def ranker_named(catalog: Catalog, name: str) -> Ranker:
    """A ranker as a cut names it: `linear 1`.

    Raises:
        ModelError: There is no such ranker any more.
    """
    return load_ranker(catalog, "@".join(name.split()))


def score_shots(catalog: Catalog, media: Media, ranker_name: str) -> ShotScores:
    """The scores of a film's shots by a ranker, named as a cut names it: `linear 1`.

    Raises:
        ModelError: There is no such ranker any more, or it was made for other features.
        NotIngested: The film was ingested without something that is needed.
    """
    ranker = ranker_named(catalog, ranker_name)
    return ranker.score(film_for(catalog, media, ranker))


def why_shot(catalog: Catalog, cut: Cut, shot: int) -> tuple[Choice, tuple[Reason, ...]]:
    """Whether the brief of `cut` chooses a shot of its film, what would turn that, and its score.

    By the ranker that the cut was made with, and as the film is now.

    Returns:
        The choice, and the parts of the shot's score by the ranker, the weightiest first.

    Raises:
        EditingError: The film has no such shot, or the cut's ranker is gone.
        ImpossibleBrief: The film as it is now has no cut that keeps the brief.
    """
    media = catalog.get_media(cut.media)
    footage = footage_from_catalog(catalog, media, ranker_named(catalog, cut.ranker))
    shots = len(footage.fit)
    if shot >= shots:
        raise EditingError(f"{media.name} has shots 0 to {shots - 1}, not {shot}")
    arrange = arrangement(catalog, media, cut.brief.order)
    return why(footage, cut.brief, shot, arrange=arrange), footage.scores.reasons(shot)


def export_cut(
    catalog: Catalog,
    cut: Cut,
    target: ExportFormat,
    output: Path,
    *,
    links: Path | None = None,
) -> Sequence:
    """Write a cut as a timeline for another editing system, whole or not at all.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        target: `otio`, `edl` (CMX3600), `fcp7` (xmeml), `fcpxml`, `ale` (a log of the source
            ranges) or `csv` (a cut list).
        output: Replaced if it exists.
        links: What `reel relink` wrote; the camera originals are named in place of the films.

    Returns:
        What was written.

    Raises:
        TimelineError: The format cannot hold the cut, an original is not as it was linked, or the
            file not be written.
    """
    sequence = sequence_of(catalog, cut, links=links, check=True)
    files = [Path(file.path) for file in sequence.files]
    if any(file.exists() and output.exists() and output.samefile(file) for file in files):
        raise TimelineError(f"{output} is an original of the cut; choose another name")
    _write_text(catalog, output, timeline_text(sequence, target))
    return sequence


def timeline_text(sequence: Sequence, target: ExportFormat) -> str:
    """What `export_cut` writes of a sequence that `sequence_of` has checked.

    Raises:
        TimelineError: The format cannot hold it.
    """
    return _WRITERS[target](sequence)


def export_captions(
    catalog: Catalog, cut: Cut, target: CaptionFormat, captions: Path, output: Path
) -> tuple[int, list[str]]:
    """Write the captions of a cut: those of its film, where the cut shows them.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        target: `srt` or `vtt`.
        captions: SRT or WebVTT of the cut's own film, from its first frame on.
        output: Replaced if it exists.

    Returns:
        How many were written, and what people should know of it.

    Raises:
        TimelineError: The captions cannot be read, none is in the cut, or it cannot be written.
    """
    try:
        found = captions_of_cut(cut, {cut.media: read_captions(captions)})
    except ValueError as error:
        raise TimelineError(f"cut {cut.id}: {error}") from error
    if not found:
        raise TimelineError(f"the cut shows nothing that {captions} has a caption for")
    _write_text(catalog, output, _CAPTIONS[target](found))
    others = sum(slot.media != cut.media for slot in cut.slots)
    told = f"{others} slots are of other films, and without captions"
    return len(found), [told] * (others > 0)


def _write_text(catalog: Catalog, output: Path, text: str) -> None:
    if _isfilm_for(catalog, output):
        raise TimelineError(f"{output} is a film in the catalogue; choose another name")
    try:
        with whole_file(output) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise TimelineError(f"{output} cannot be written: {error}") from error


def sequence_of(
    catalog: Catalog, cut: Cut, *, links: Path | None = None, check: bool = False
) -> Sequence:
    """A cut with its source and record timecodes.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        links: What `reel relink` wrote, to name the camera originals in place of the films.
        check: Whether its transitions and split sound have to fit, as they do in an export.

    Raises:
        TimelineError: It is empty, a film has another rate or a timecode its rate lacks, an
            original is not as it was linked, or joins do not fit.
    """
    media = _media_of(catalog, cut)
    originals = read_links(links, media.values()) if links else None
    frames = {one.id: FrameGrid.of(catalog, one).frames for one in media.values()}
    return sequence_from_cut(cut, media, frames, originals, check=check)


def _isfilm_for(catalog: Catalog, output: Path) -> bool:
    """Whether writing to `output` would overwrite footage, under this name or through a link."""
    return output.exists() and any(
        Path(media.path).exists() and output.samefile(media.path) for media in catalog.media()
    )


def render_cut(
    catalog: Catalog,
    cut: Cut,
    output: Path,
    *,
    delivery: Delivery | None = None,
    on_progress: Progress = lambda done: None,
) -> Rendered:
    """Render a cut to a playable MP4, whole or not at all.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        output: Replaced if it exists.
        delivery: What the file is to be beyond the cut; None leaves everything as it is. Music
            of the cut's brief is mixed under it unless the delivery has its own, or wants none.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        RenderError: A film is gone or has changed, or the file cannot be written.
        UnreadableMedia: A film cannot be opened.
    """
    if _isfilm_for(catalog, output):
        raise RenderError(f"{output} is a film in the catalogue; choose another name")
    asked = with_music_of(cut, delivery or Delivery())
    return render(cut, sources_of(catalog, cut), output, delivery=asked, on_progress=on_progress)


def verify_file(
    catalog: Catalog,
    cut: Cut,
    path: Path,
    *,
    delivery: Delivery | None = None,
    every_frame: bool = False,
    on_progress: Progress = lambda done: None,
) -> Verification:
    """Check a delivered file against the cut that it was made from.

    Args:
        catalog: Holds the cut's films.
        cut: The version that was delivered.
        path: The file.
        delivery: What the file was to be, as it was told to the render.
        every_frame: Whether frames between the joins are compared too.
        on_progress: Called with the share done, 0 to 1.

    Raises:
        RenderError: A film is gone or has changed, or the delivery does not fit the cut.
        UnreadableMedia: The file cannot be opened at all.
    """
    asked = with_music_of(cut, delivery or Delivery())
    return verify(
        path,
        cut,
        sources_of(catalog, cut),
        delivery=asked,
        every_frame=every_frame,
        on_progress=on_progress,
    )


def sources_of(catalog: Catalog, cut: Cut) -> dict[MediaId, Source]:
    """The films of a cut, as a render needs them."""
    return {
        media_id: Source(
            media, FrameGrid.of(catalog, media), np.asarray(catalog.frame_times(media_id))
        )
        for media_id, media in _media_of(catalog, cut).items()
    }


def _media_of(catalog: Catalog, cut: Cut) -> dict[MediaId, Media]:
    return {
        media_id: catalog.get_media(media_id)
        for media_id in dict.fromkeys(slot.media for slot in cut.slots)
    }
