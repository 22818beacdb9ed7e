"""A cut as it came back from an editing system: what changed, and a version that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from editing.cut import Cut, Slot, SlotSound, Transition
from editing.cut_changes import Change, changes_between, summary
from editing.cut_store import save_version
from editing.errors import ModelError, TimelineError
from editing.frame_grid import FrameGrid
from editing.interchange.from_cut import source_file
from editing.interchange.pieces import Piece, find_pieces
from editing.interchange.read_sequence import ReadSequence
from editing.interchange.reading import read_timeline
from editing.interchange.sequence import SourceFile, printable
from editing.rank.film import ShotScores
from editing.relink.links import read_links
from editing.run import score_shots, sequence_of
from ingest.catalog import Catalog
from ingest.errors import NotIngested
from ingest.media import Media, MediaId, Shot
from ingest.timecode import FrameRange


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
    catalog: Catalog,
    cut: Cut,
    path: Path,
    *,
    author: str,
    save: bool = True,
    links: Path | None = None,
    named: Mapping[str, str] | None = None,
) -> Reimported:
    """Read a timeline that was made from `cut`, and keep what the editor made of it.

    The new version's slots are locked: the editor decided on each. Their scores are those of the
    cut's ranker. What a format cannot hold, such as reframing, stays with the slots that stayed.

    Args:
        catalog: Holds the cut's films, and those that the editor may have added.
        cut: The version that was exported.
        path: An OTIO, EDL, FCP7 XML or FCPXML file.
        author: Who edited it.
        save: Whether to keep it; else only tell.
        links: What `reel relink` wrote, if the timeline names camera originals.
        named: What names in the timeline stand for: a media's id, path or name for each.

    Raises:
        TimelineError: It cannot be read, or does not fit the catalogue or the cut.
        UnknownMedia: `named` names a media that is not in the catalogue.
        StaleCut: The cut has a newer version than the one that was exported.
    """
    read = read_timeline(path, cut.rate)
    if read.rate != cut.rate:
        raise TimelineError(
            f"{path} runs at {float(read.rate):.3f} frames per second and the cut at "
            f"{float(cut.rate):.3f}"
        )
    films = _Films(catalog, cut, links)
    picture = find_pieces(read, films.files(read), films.named(named or {}))
    maker = _Slots(catalog, cut, films)
    slots = maker.of(picture.pieces)
    changes = tuple(changes_between(cut.slots, slots))
    note = f"from {path.name}: {summary(changes)}"
    after = replace(cut, slots=slots, author=author, note=note)
    changed = any(change.kind != "kept" for change in changes)
    if save and changed:
        after = save_version(catalog, after, expected_version=cut.version)
    remarks = (*picture.remarks, *maker.remarks)
    return Reimported(cut, after, changes, remarks, save and changed)


class _Films:
    """The films that a timeline may be of, and which frame of each file is the film's first."""

    def __init__(self, catalog: Catalog, cut: Cut, links: Path | None) -> None:
        self.catalog, self.cut, self.links = catalog, cut, links
        self.media: dict[str, tuple[Media, int]] = {}

    def files(self, read: ReadSequence) -> list[SourceFile]:
        """Those of the cut as it was exported, and others that the timeline names."""
        used = {m: self.catalog.get_media(m) for m in {slot.media for slot in self.cut.slots}}
        files = list(sequence_of(self.catalog, self.cut).files)
        by_path = {media.path: media for media in used.values()}
        self.media |= {file.path: (by_path[file.path], 0) for file in files}
        if self.links is not None:
            originals = read_links(self.links, used.values(), check=False)
            self.media |= {f.path: (used[m], shift) for m, (f, shift) in originals.items()}
            files = [file for file, _ in originals.values()] + files
        names = {edit.name for edit in read.edits} | {
            edit.path.rsplit("/", 1)[-1] for edit in read.edits
        }
        for media in self.catalog.media():
            wanted = media.path not in self.media and printable(media.name) in names
            if wanted and media.rate == self.cut.rate:
                files.append(self._add(media))
        return files

    def named(self, told: Mapping[str, str]) -> dict[str, SourceFile]:
        """What names that somebody explained stand for."""
        return {name: self._add(self.catalog.find_media(media)) for name, media in told.items()}

    def _add(self, media: Media) -> SourceFile:
        if media.rate != self.cut.rate:
            raise TimelineError(f"{media.name} is of another rate than the cut")
        self.media.setdefault(media.path, (media, 0))
        return source_file(media, media.rate, "", FrameGrid.of(self.catalog, media).frames)


class _Slots:
    """Makes slots of pieces; each film is looked at once."""

    def __init__(self, catalog: Catalog, cut: Cut, films: _Films) -> None:
        self.catalog, self.cut, self.films = catalog, cut, films
        self.free = list(cut.slots)
        """Those that no piece is yet known to be."""
        self.shots: dict[MediaId, tuple[list[Shot], FrameGrid]] = {}
        self.scores: dict[MediaId, ShotScores | None] = {}
        self.remarks: list[str] = []

    def of(self, pieces: Sequence[Piece]) -> tuple[Slot, ...]:
        """A slot for each piece; of several shots in one, it is of the one it shows most."""
        return tuple(self._slot(number, piece) for number, piece in enumerate(pieces, start=1))

    def _slot(self, number: int, piece: Piece) -> Slot:
        media, shift = self.films.media[piece.file.path]
        try:
            source = FrameRange(piece.source.start - shift, piece.source.end - shift)
        except ValueError:
            raise TimelineError(
                f"edit {number} shows frames of {piece.file.name} that {media.name} does not have"
            ) from None
        shot = self._shot(media, source, number)
        same = self._same(media.id, shot, source)
        if same is None:
            scores = self._scores(media)
            score = float(scores.values[shot]) if scores else 0.0
            same = Slot(media.id, shot, source, score, scores.reasons(shot) if scores else ())
        return replace(
            same,
            source=source,
            locked=True,
            transition=self._transition(same, piece.transition),
            sound=self._sound(same.sound, piece),
            note=_note(same.note, piece.note),
        )

    def _same(self, media: MediaId, shot: int, source: FrameRange) -> Slot | None:
        """The cut's slot of that shot that shares most frames, each for one piece."""
        of_shot = [slot for slot in self.free if (slot.media, slot.shot) == (media, shot)]

        def shared(slot: Slot) -> int:
            return min(slot.source.end, source.end) - max(slot.source.start, source.start)

        best = max(of_shot, key=shared, default=None)
        if best is not None:
            self.free.remove(best)
            return best
        again = [slot for slot in self.cut.slots if (slot.media, slot.shot) == (media, shot)]
        if not again:
            return None
        plain = again[0]  # a shot that is there once more: its score, and nothing else of its slot
        return Slot(media, shot, source, plain.score, plain.reasons, plain.alternates)

    def _transition(self, same: Slot, told: Transition | None) -> Transition | None:
        return same.transition if same.transition == told else told

    def _sound(self, same: SlotSound, piece: Piece) -> SlotSound:
        told = piece.sound
        if told is None:
            return same
        fade = same.fade_ms
        if told.fade_frames is not None:
            kept = 2 * round(same.fade_ms * self.cut.rate / 2000)
            heard = round(1000 * told.fade_frames / self.cut.rate)
            fade = same.fade_ms if told.fade_frames == kept else min(1000, heard)
        gain = same.gain if told.gain is None else min(max(told.gain, -60.0), 20.0)
        gain = same.gain if abs(gain - same.gain) < 1e-3 else gain
        return SlotSound(told.lead, fade, gain)

    def _shot(self, media: Media, source: FrameRange, number: int) -> int:
        if media.id not in self.shots:
            grid = FrameGrid.of(self.catalog, media)
            self.shots[media.id] = (self.catalog.shots(media.id), grid)
        shots, grid = self.shots[media.id]

        def shown(shot: Shot) -> int:
            span = grid.span(shot.span)
            if span is None:
                return 0
            return min(span.end, source.end) - max(span.start, source.start)

        if source.end > grid.frames:
            raise TimelineError(
                f"edit {number} shows frames up to {source.end - 1:,} of {media.name}, which has "
                f"{grid.frames:,}"
            )
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


def _note(old: str, told: str | None) -> str:
    """The note of a slot: as it was if a format that holds one line holds the same."""
    if told is None or (old.strip() and printable(old) == told):
        return old
    return told
