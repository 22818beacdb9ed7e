"""Editing from end to end: suggest a cut of an ingested film, export it, render it.

What the command and the dashboard call; the thinking is in the modules it puts together.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from editing.assemble.assembly import Assembly, assemble
from editing.assemble.footage import Footage, fit_spans, interest_curve
from editing.assemble.why import Choice, why
from editing.cut import Brief, Cut, Reason, Slot
from editing.cut_store import create_cut
from editing.errors import EditingError, RenderError, TimelineError
from editing.finish.render import Rendered, Source, render
from editing.finish.whole_file import whole_file
from editing.frame_grid import FrameGrid
from editing.interchange.ale import write_ale
from editing.interchange.csv_list import write_csv
from editing.interchange.edl import write_edl
from editing.interchange.fcp7xml import write_fcp7xml
from editing.interchange.fcpxml import write_fcpxml
from editing.interchange.sequence import Sequence, sequence_from_cut
from editing.interchange.timeline import write_otio
from editing.rank.arrangement import arranged, ranker_of_order
from editing.rank.film import Film, Ranker, ShotScores
from editing.rank.networks import NetworkRanker
from editing.rank.store import film_from_catalog, load_ranker
from ingest.catalog import Catalog
from ingest.media import Curves, Media, MediaId

ExportFormat = Literal["otio", "edl", "fcp7", "fcpxml", "ale", "csv"]
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
    orderer = ranker_of_order(catalog, ranker) if order == "learned" else None
    on_progress(0.1)
    footage = footage_from_catalog(catalog, media, ranker)
    on_progress(0.4)
    assembly = assemble(footage, brief)
    slots, note = assembly.slots, _note(assembly)
    if orderer is not None:
        slots = _arranged_slots(catalog, media, orderer, slots)
        note += f"; its order is that of {orderer.name} {orderer.version}, not the film's"
    on_progress(0.9)
    cut = create_cut(
        catalog,
        media,
        name=f"{Path(media.name).stem} {brief.kind}",
        brief=brief,
        slots=slots,
        ranker=f"{ranker.name} {ranker.version}",
        author=author,
        note=note,
    )
    on_progress(1.0)
    return cut


def footage_from_catalog(catalog: Catalog, media: Media, ranker: Ranker) -> Footage:
    """What assembly needs to know of an ingested film.

    Raises:
        ModelError: The ranker was made for other features.
        NotIngested: The film was ingested without something that is needed.
    """
    film = _film(catalog, media, ranker)
    shots, grid = catalog.shots(media.id), FrameGrid.of(catalog, media)
    curves = catalog.curves(media.id)
    columns = {name: np.asarray(curves.frame_values[:, i]) for i, name in _numbered(curves)}
    still, lit = np.zeros(media.frames, np.float32), np.ones(media.frames, np.float32)
    return Footage(
        media=media.id,
        rate=media.rate,
        frames=grid.frames,
        fit=fit_spans(shots, grid, columns.get("luma", lit)),
        interest=interest_curve(
            shots,
            grid,
            columns.get("motion", still),
            curves.loudness,
            media.audio.offset if media.audio else Fraction(0),
        ),
        vectors=film.embeddings.vectors,
        scores=ranker.score(film),
    )


def score_shots(catalog: Catalog, media: Media, ranker_name: str) -> ShotScores:
    """The scores of a film's shots by a ranker, named as a cut names it: `linear 1`.

    Raises:
        ModelError: There is no such ranker any more, or it was made for other features.
        NotIngested: The film was ingested without something that is needed.
    """
    ranker = load_ranker(catalog, "@".join(ranker_name.split()))
    return ranker.score(_film(catalog, media, ranker))


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
    footage = footage_from_catalog(
        catalog, media, load_ranker(catalog, "@".join(cut.ranker.split()))
    )
    shots = len(footage.fit)
    if shot >= shots:
        raise EditingError(f"{media.name} has shots 0 to {shots - 1}, not {shot}")
    return why(footage, cut.brief, shot), footage.scores.reasons(shot)


def export_cut(catalog: Catalog, cut: Cut, target: ExportFormat, output: Path) -> Sequence:
    """Write a cut as a timeline for another editing system, whole or not at all.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        target: `otio`, `edl` (CMX3600), `fcp7` (xmeml), `fcpxml`, `ale` (a log of the source
            ranges) or `csv` (a cut list).
        output: Replaced if it exists.

    Returns:
        What was written.

    Raises:
        TimelineError: The format cannot hold the cut, or the file not be written.
    """
    sequence = sequence_of(catalog, cut)
    if _is_film(catalog, output):
        raise TimelineError(f"{output} is a film in the catalogue; choose another name")
    text = _WRITERS[target](sequence)
    try:
        with whole_file(output) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise TimelineError(f"{output} cannot be written: {error}") from error
    return sequence


def sequence_of(catalog: Catalog, cut: Cut) -> Sequence:
    """A cut with its source and record timecodes.

    Raises:
        TimelineError: It is empty, or a film has another rate or a timecode its rate lacks.
    """
    media = _media_of(catalog, cut)
    frames = {one.id: FrameGrid.of(catalog, one).frames for one in media.values()}
    return sequence_from_cut(cut, media, frames)


def _is_film(catalog: Catalog, output: Path) -> bool:
    """Whether writing to `output` would overwrite footage, under this name or through a link."""
    return output.exists() and any(
        Path(media.path).exists() and output.samefile(media.path) for media in catalog.media()
    )


def render_cut(
    catalog: Catalog,
    cut: Cut,
    output: Path,
    *,
    height: int | None = None,
    on_progress: Progress = lambda done: None,
) -> Rendered:
    """Render a cut to a playable MP4, whole or not at all.

    Args:
        catalog: Holds the cut's films.
        cut: Any version of any cut.
        output: Replaced if it exists.
        height: Pixels; the film's own if None.
        on_progress: Called with the share done, 0 to 1; an exception from it cancels.

    Raises:
        RenderError: A film is gone or has changed, or the file cannot be written.
        UnreadableMedia: A film cannot be opened.
    """
    if _is_film(catalog, output):
        raise RenderError(f"{output} is a film in the catalogue; choose another name")
    sources = {
        media_id: Source(
            media, FrameGrid.of(catalog, media), np.asarray(catalog.frame_times(media_id))
        )
        for media_id, media in _media_of(catalog, cut).items()
    }
    return render(cut, sources, output, height=height, on_progress=on_progress)


def _film(catalog: Catalog, media: Media, ranker: Ranker) -> Film:
    """A film's features, with the embeddings that the ranker was made for."""
    model = ranker.space.embedding_model if isinstance(ranker, NetworkRanker) else None
    return film_from_catalog(catalog, media, model)


def _media_of(catalog: Catalog, cut: Cut) -> dict[MediaId, Media]:
    return {
        media_id: catalog.get_media(media_id)
        for media_id in dict.fromkeys(slot.media for slot in cut.slots)
    }


def _numbered(curves: Curves) -> list[tuple[int, str]]:
    return list(enumerate(curves.frame_names)) if curves.frame_values.size else []


def _arranged_slots(
    catalog: Catalog, media: Media, orderer: NetworkRanker, slots: tuple[Slot, ...]
) -> tuple[Slot, ...]:
    film = _film(catalog, media, orderer)
    return tuple(slots[place] for place in arranged(orderer, film, [slot.shot for slot in slots]))


def _note(assembly: Assembly) -> str:
    if assembly.gap < 1e-4:
        return "no better cut exists by these scores"
    return f"at most {assembly.gap:.2%} below the best possible"
