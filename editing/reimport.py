"""A cut as it came back from an editing system: what changed, and a version that keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editing.cut import Cut, Slot
from editing.cut_changes import Change, changes_between, summary
from editing.cut_store import save_version
from editing.errors import ModelError, TimelineError
from editing.frame_grid import FrameGrid
from editing.interchange.pieces import Piece, find_pieces
from editing.interchange.reading import read_timeline
from editing.interchange.sequence import SourceFile, printable, source_file
from editing.rank.film import ShotScores
from editing.run import score_shots, sequence_of
from ingest.catalog import Catalog
from ingest.errors import NotIngested
from ingest.media import Media, MediaId, Shot


@dataclass(frozen=True, slots=True)
class Reimported:
    """What came back."""

    before: Cut
    """The version that was exported."""
    after: Cut
    """The same with the slots of the timeline, all of them locked."""
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]
    """What the timeline holds and a cut does not, for people."""
    saved: bool
    """Whether `after` was kept as a new version; not if nothing changed."""


def reimport_cut(
    catalog: Catalog, cut: Cut, path: Path, *, author: str, save: bool = True
) -> Reimported:
    """Read a timeline that was made from `cut`, and keep what the editor made of it.

    The new version's slots are locked: the editor decided on each. Their scores are those of the
    cut's ranker.

    Args:
        catalog: Holds the cut's films, and those that the editor may have added.
        cut: The version that was exported.
        path: An OTIO, EDL, FCP7 XML or FCPXML file.
        author: Who edited it.
        save: Whether to keep it; else only tell.

    Raises:
        TimelineError: It cannot be read, or does not fit the catalogue or the cut.
        StaleCut: The cut has a newer version than the one that was exported.
    """
    sequence = sequence_of(catalog, cut)
    read = read_timeline(path, cut.rate)
    if read.rate != cut.rate:
        raise TimelineError(
            f"{path} runs at {float(read.rate):.3f} frames per second and the cut at "
            f"{float(cut.rate):.3f}"
        )
    named = {edit.name for edit in read.edits}
    used = [catalog.get_media(media_id) for media_id in {slot.media for slot in cut.slots}]
    others = [m for m in catalog.media() if m.rate == cut.rate and printable(m.name) in named]
    picture = find_pieces(read, [*sequence.files, *(_file_of(catalog, m) for m in others)])
    maker = _Slots(catalog, cut, {m.path: m for m in [*others, *used]})
    slots = maker.of(picture.pieces)
    changes = tuple(changes_between(cut.slots, slots))
    note = f"from {path.name}: {summary(changes)}"
    after = replace(cut, slots=slots, author=author, note=note)
    changed = any(change.kind != "kept" for change in changes)
    if save and changed:
        after = save_version(catalog, after, expected_version=cut.version)
    remarks = (*picture.remarks, *maker.remarks)
    return Reimported(cut, after, changes, remarks, save and changed)


class _Slots:
    """Makes slots of pieces; each film is looked at once."""

    def __init__(self, catalog: Catalog, cut: Cut, media: dict[str, Media]) -> None:
        self.catalog, self.cut, self.media = catalog, cut, media
        self.known: dict[tuple[MediaId, int], Slot] = {(s.media, s.shot): s for s in cut.slots}
        self.shots: dict[MediaId, tuple[list[Shot], FrameGrid]] = {}
        self.scores: dict[MediaId, ShotScores | None] = {}
        self.remarks: list[str] = []

    def of(self, pieces: Sequence[Piece]) -> tuple[Slot, ...]:
        """A slot for each piece; of several shots in one, it is of the one it shows most."""
        return tuple(self._slot(piece) for piece in pieces)

    def _slot(self, piece: Piece) -> Slot:
        media = self.media[piece.file.path]
        shot = self._shot(media, piece)
        same = self.known.get((media.id, shot))
        if same is not None:
            return replace(same, source=piece.source, locked=True)
        scores = self._scores(media)
        if scores is None:
            return Slot(media.id, shot, piece.source, 0.0, (), locked=True)
        score, reasons = float(scores.values[shot]), scores.reasons(shot)
        return Slot(media.id, shot, piece.source, score, reasons, locked=True)

    def _shot(self, media: Media, piece: Piece) -> int:
        if media.id not in self.shots:
            grid = FrameGrid.of(self.catalog, media)
            self.shots[media.id] = (self.catalog.shots(media.id), grid)
        shots, grid = self.shots[media.id]

        def shown(shot: Shot) -> int:
            span = grid.span(shot.span)
            if span is None:
                return 0
            return min(span.end, piece.source.end) - max(span.start, piece.source.start)

        return max(shots, key=shown).index

    def _scores(self, media: Media) -> ShotScores | None:
        """By the ranker of the cut; None if it is gone or does not know such a film."""
        if media.id not in self.scores:
            try:
                self.scores[media.id] = score_shots(self.catalog, media, self.cut.ranker)
            except (ModelError, NotIngested) as error:
                self.scores[media.id] = None
                reason = str(error).splitlines()[0]
                self.remarks.append(f"new shots of {media.name} have no score: {reason}")
        return self.scores[media.id]


def _file_of(catalog: Catalog, media: Media) -> SourceFile:
    return source_file(media, media.rate, "", FrameGrid.of(catalog, media).frames)
