"""A cut as it came back from an editing system: what changed, and a version that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from editing.cut import Cut, Slot, SlotSound, Transition
from editing.cut_changes import Change, changes_between, same_shots, summary
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
    films = _Films(catalog, cut, links)
    read = read_timeline(path, cut.rate, films.rates)
    if read.rate != cut.rate:
        raise TimelineError(
            f"{path} runs at {float(read.rate):.3f} frames per second and the cut at "
            f"{float(cut.rate):.3f}"
        )
    picture = find_pieces(read, films.files(read), films.named(named or {}))
    maker = _Slots(catalog, cut, films)
    slots = maker.of(picture.pieces)
    changes = changes_between(cut.slots, slots, films.steps())
    changed = any(change.kind != "kept" for change in changes)
    changes = [_with_pace(change, picture.pieces) for change in changes]
    remarks = [*picture.remarks, *maker.remarks]
    if not changed and any(change.kind != "kept" for change in changes):
        remarks.append(
            "only speeds changed, and a cut has none: there is no new version, and the speeds stay "
            "in the timeline"
        )
    note = f"from {path.name}: {summary(changes)}"
    after = replace(cut, slots=slots, author=author, note=note)
    if save and changed:
        after = save_version(catalog, after, expected_version=cut.version)
    return Reimported(cut, after, tuple(changes), tuple(remarks), save and changed)


def _with_pace(change: Change, pieces: Sequence[Piece]) -> Change:
    """A change that also tells the speed that the timeline plays the slot at."""
    pace = pieces[change.after].pace if change.after is not None else ""
    if not pace:
        return change
    kind = "changed" if change.kind == "kept" else change.kind
    return replace(change, kind=kind, also=(*change.also, pace))


class _Films:
    """The films that a timeline may be of, and which frame of each file is the film's first."""

    def __init__(self, catalog: Catalog, cut: Cut, links: Path | None) -> None:
        self.catalog, self.cut = catalog, cut
        self.used = {m: catalog.get_media(m) for m in {slot.media for slot in cut.slots}}
        self.known = list(sequence_of(catalog, cut).files)
        by_path = {media.path: media for media in self.used.values()}
        self.media = {file.path: (by_path[file.path], 0) for file in self.known}
        """By path: the film, and which frame of the file is its first."""
        if links is not None:
            originals = read_links(links, self.used.values(), check=False)
            self.media |= {f.path: (self.used[m], shift) for m, (f, shift) in originals.items()}
            self.known = [file for file, _ in originals.values()] + self.known

    @property
    def rates(self) -> dict[str, Fraction]:
        """Of the reels of the cut that are of another rate than it."""
        others = (file for file in self.known if file.rate != self.cut.rate)
        return {file.reel: file.rate for file in others if file.reel}

    def steps(self) -> dict[MediaId, Fraction]:
        """Frames of each film that last as long as a frame of the cut."""
        return {media.id: media.rate / self.cut.rate for media, _ in self.media.values()}

    def files(self, read: ReadSequence) -> list[SourceFile]:
        """Those of the cut as it was exported, and others that the timeline names."""
        files = list(self.known)
        names = {edit.name for edit in read.edits} | {
            edit.path.rsplit("/", 1)[-1] for edit in read.edits
        }
        for media in self.catalog.media():
            if media.path not in self.media and printable(media.name) in names:
                files.append(self._add(media))
        return files

    def named(self, told: Mapping[str, str]) -> dict[str, SourceFile]:
        """What names that somebody explained stand for."""
        return {name: self._add(self.catalog.find_media(media)) for name, media in told.items()}

    def _add(self, media: Media) -> SourceFile:
        self.media.setdefault(media.path, (media, 0))
        return source_file(media, "", FrameGrid.of(self.catalog, media).frames)


class _Slots:
    """Makes slots of pieces; each film is looked at once."""

    def __init__(self, catalog: Catalog, cut: Cut, films: _Films) -> None:
        self.catalog, self.cut, self.films = catalog, cut, films
        self.shots: dict[MediaId, tuple[list[Shot], FrameGrid]] = {}
        self.scores: dict[MediaId, ShotScores | None] = {}
        self.remarks: list[str] = []

    def of(self, pieces: Sequence[Piece]) -> tuple[Slot, ...]:
        """A slot for each piece; of several shots in one, it is of the one it shows most.

        What a slot of the cut had besides its frames goes to the piece that it is followed to.
        """
        plain = [self._plain(number, piece) for number, piece in enumerate(pieces, start=1)]
        followed = {new: old for old, new in same_shots(self.cut.slots, plain)}
        return tuple(
            self._slot(slot, pieces[number], followed.get(number))
            for number, slot in enumerate(plain)
        )

    def _plain(self, number: int, piece: Piece) -> Slot:
        """The shot and the frames of a piece, and nothing else."""
        media, shift = self.films.media[piece.file.path]
        try:
            shown = FrameRange(piece.source.start - shift, piece.source.end - shift)
        except ValueError:
            raise TimelineError(
                f"edit {number} shows frames of {piece.file.name} that {media.name} does not have"
            ) from None
        shot = self._shot(media, shown, number)
        frames = piece.record.frames  # of the cut, whatever the film's rate
        return Slot(media.id, shot, FrameRange(shown.start, shown.start + frames), 0.0, ())

    def _slot(self, plain: Slot, piece: Piece, followed: int | None) -> Slot:
        """With what is known of it, and what the timeline tells."""
        same = self._again(plain) if followed is None else self.cut.slots[followed]
        return replace(
            same,
            source=plain.source,
            locked=True,
            transition=self._transition(same, piece.transition),
            sound=self._sound(same.sound, piece),
            note=_note(same.note, piece.note),
        )

    def _again(self, plain: Slot) -> Slot:
        """A shot that is there once more has its slot's score, a new one that of the ranker."""
        for slot in self.cut.slots:
            if (slot.media, slot.shot) == (plain.media, plain.shot):
                told = slot.score, slot.reasons, slot.alternates
                return Slot(slot.media, slot.shot, plain.source, *told)
        scores = self._scores(self.catalog.get_media(plain.media))
        score = float(scores.values[plain.shot]) if scores else 0.0
        return replace(plain, score=score, reasons=scores.reasons(plain.shot) if scores else ())

    def _transition(self, same: Slot, told: Transition | None) -> Transition | None:
        return same.transition if same.transition == told else told

    def _sound(self, same: SlotSound, piece: Piece) -> SlotSound:
        told = piece.sound
        if told is None:
            return same
        heard, fade, gain = told.in_slot(self.cut.rate), same.fade_ms, same.gain
        kept = 2 * round(Fraction(same.fade_ms, 2000) * self.cut.rate)
        if told.fade_frames is not None and told.fade_frames != kept:
            fade = heard.fade_ms
        if told.gain is not None and abs(heard.gain - same.gain) >= 1e-3:
            gain = heard.gain
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
