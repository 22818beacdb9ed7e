"""Draws the frames of a programme: pictures conformed, mixed, dipped, faded, and written on.

The render encodes what this draws; the check of a delivered file draws it again beside the file.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from fractions import Fraction
from typing import Self

from av.video.frame import VideoFrame

from editing.cut import Slot
from editing.errors import RenderError
from editing.finish.colours import Colours, colours_of, colours_of_render
from editing.finish.conform import Conformer, middle_at, render_size, seen_size
from editing.finish.delivery import Place
from editing.finish.fields import FieldReader
from editing.finish.lettering import Lettering, Overlay
from editing.finish.pictures import PictureReader
from editing.finish.planes import Packed, black, darkened, mixed, packed, to_frame
from editing.finish.pool import Pool
from editing.finish.programme import Layer, Moment, Programme
from editing.finish.slate import slate_text
from editing.finish.source import Source
from ingest.media import MediaId

_TITLE, _CARD, _CAPTION, _SLATE = 0.075, 0.1, 0.06, 0.07
"""Sizes of type, as shares of the picture's height."""
_LONGEST_SIDE = 16_384
"""Pixels, that libx264 takes."""
_KEPT = 8
"""Texts whose letters are kept."""

_Key = tuple[MediaId, int]
"""A film and a lane: the two sides of a dissolve are read beside each other."""


class Composer:
    """Draws frames, quickest if they are asked for in order."""

    def __init__(
        self, programme: Programme, sources: Mapping[MediaId, Source], *, keep: int = 0
    ) -> None:
        """Open what is needed.

        Args:
            programme: What is drawn.
            sources: Each film of the cut.
            keep: How many pictures of slots to keep, for who draws them more than once.

        Raises:
            RenderError: A text cannot be drawn.
            UnreadableMedia: A film cannot be opened.
        """
        self.programme, self.sources = programme, sources
        self._keep = keep
        self._kept: OrderedDict[tuple[int, int], VideoFrame] = OrderedDict()
        self._lanes = _lanes(programme.cut.slots)
        with ExitStack() as stack:
            self._pictures: Pool[_Key, FieldReader] = stack.enter_context(Pool(self._reader))
            first = programme.cut.slots[0].media
            streams = self._pictures.get((first, 0)).streams
            self._colours: dict[MediaId, Colours] = {}
            self.colours = colours_of_render(self._colours_of(first))
            """What the numbers of the render mean."""
            delivery, cut = programme.delivery, programme.cut
            shape = streams.video.sample_aspect_ratio or Fraction(1)
            film = sources[first].media
            seen = seen_size(film.display_size, film.rotation, shape)
            self.aspect = delivery.aspect or cut.brief.aspect
            self.size = render_size(seen, self.aspect, delivery.height)
            if max(self.size) > _LONGEST_SIDE:
                raise RenderError(
                    f"the render would be {self.size[0]}x{self.size[1]}, and H.264 has at most "
                    f"{_LONGEST_SIDE:,} pixels a side; ask for less (--height)"
                )
            self._conformers: dict[MediaId, Conformer] = {}
            self._overlays: dict[tuple[str, float, Place], Overlay] = {}
            self._letters: Lettering | None = None
            self._check_texts()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def draw(self, number: int) -> VideoFrame:
        """Frame `number` of the file, in `yuv420p`; may be what a film's reader holds.

        Raises:
            RenderError: A film has not the frames that are needed.
        """
        moment = self.programme.at(number)
        return self.drawn(moment)

    def drawn(self, moment: Moment) -> VideoFrame:
        """What a moment shows."""
        if moment.slate is not None:
            picture = black(self.size)
            text = slate_text(moment.slate, self.programme.cut)
            self._overlay(text, _SLATE).over(picture)
            return to_frame(picture)
        if self._plain(moment):
            return self._layer(moment.layers[0])
        picture = self._mixed(moment)
        self._write_on(picture, moment)
        if moment.fade < 1:
            picture = darkened(picture, float(moment.fade))
        return to_frame(picture)

    def fetch(self, layers: Iterable[Layer]) -> None:
        """Decode pictures in the order of their films, before they are drawn in any order."""
        for layer in sorted(set(layers), key=lambda layer: (layer.slot, layer.frame)):
            self._layer(layer)

    def _plain(self, moment: Moment) -> bool:
        written = moment.titles or moment.caption is not None
        return len(moment.layers) == 1 and moment.light == moment.fade == 1 and not written

    def _mixed(self, moment: Moment) -> Packed:
        """The pictures of the slots, without text."""
        titles = self.programme.titles
        if any(titles[i].what.card and presence == 1 for i, presence in moment.titles):
            return black(self.size)
        parts = [(packed(self._layer(layer)), float(layer.share)) for layer in moment.layers]
        picture = mixed(parts) if len(parts) > 1 else parts[0][0]
        return picture if moment.light == 1 else darkened(picture, float(moment.light))

    def _write_on(self, picture: Packed, moment: Moment) -> None:
        for i, presence in moment.titles:
            title = self.programme.titles[i].what
            if title.card and presence < 1:
                picture[:] = darkened(picture, 1 - float(presence))
            share = _CARD if title.card else _TITLE
            self._overlay(title.text, share, title.place).over(picture, float(presence))
        if moment.caption is not None:
            text = self.programme.captions[moment.caption].what
            self._overlay(text, _CAPTION, "lower").over(picture)

    def _layer(self, layer: Layer) -> VideoFrame:
        """The picture of one slot, conformed."""
        if not self._keep:
            return self._decoded(layer)
        key = (layer.slot, layer.frame)
        if key not in self._kept:
            self._kept[key] = self._decoded(layer)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _decoded(self, layer: Layer) -> VideoFrame:
        slot = self.programme.cut.slots[layer.slot]
        source = self.sources[slot.media]
        number = source.decoded_frame(slot, layer.frame, self.programme.cut.rate)
        reader = self._pictures.get((slot.media, self._lanes[layer.slot]))
        middle = middle_at(slot.reframe, layer.frame, slot.source.frames)
        moving = slot.reframe is not None and slot.reframe.start != slot.reframe.end
        picture = reader.frame(number)
        return self._conformer(source, reader).conform(picture, middle, moving=moving)

    def _conformer(self, source: Source, reader: FieldReader) -> Conformer:
        media = source.media
        if media.id not in self._conformers:
            self._conformers[media.id] = Conformer(
                self.size,
                media.rotation,
                fit="pad" if self.aspect == "source" else self.programme.delivery.fit,
                pixel_aspect=reader.streams.video.sample_aspect_ratio or Fraction(1),
                colours=self._colours_of(media.id),
                matrix=self.colours.matrix,
            )
        return self._conformers[media.id]

    def _colours_of(self, media: MediaId) -> Colours:
        """What the numbers of a film mean, by its first picture."""
        if media not in self._colours:
            path = self.sources[media].media.path
            self._colours[media] = colours_of(self._pictures.get((media, 0)).frame(0), path)
        return self._colours[media]

    def _reader(self, key: _Key) -> FieldReader:
        source = self.sources[key[0]]
        pictures = PictureReader(source.media.path, source.times)
        return FieldReader(pictures, deinterlace=self.programme.delivery.deinterlace)

    def _overlay(self, text: str, share: float, place: Place = "middle") -> Overlay:
        """Letters, drawn once as long as they are up."""
        if self._letters is None:
            self._letters = Lettering(self.size, self.programme.delivery.font)
        key = (text, share, place)
        if key not in self._overlays:
            if len(self._overlays) >= _KEPT:
                self._overlays.clear()
            self._overlays[key] = self._letters.overlay(text, share, place)
        return self._overlays[key]

    def _check_texts(self) -> None:
        """Find out before anything is drawn whether every text can be."""
        delivery, cut = self.programme.delivery, self.programme.cut
        texts = [(title.text, _CARD if title.card else _TITLE) for title in delivery.titles]
        slates = (delivery.leader, delivery.end)
        texts += [(slate_text(slate, cut), _SLATE) for slate in slates if slate is not None]
        if delivery.captions is not None and delivery.captions.burnt:
            texts += [(caption.what, _CAPTION) for caption in self.programme.captions]
        if texts:
            self._letters = Lettering(self.size, delivery.font)
            self._letters.check("".join(text for text, _ in texts))
            for text, share in texts:
                self._letters.fit(text, share)


def _lanes(slots: tuple[Slot, ...]) -> tuple[int, ...]:
    """A lane for each slot: another than the one before wherever the two are mixed."""
    lanes = [0]
    for slot in slots[1:]:
        dissolve = slot.transition is not None and slot.transition.kind == "dissolve"
        lanes.append(1 - lanes[-1] if dissolve else lanes[-1])
    return tuple(lanes)
