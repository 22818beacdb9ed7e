"""What a cut keeps of its brief, in words: the note that it is kept with."""

from collections import Counter

import numpy as np

from editing.assemble.assembly import Assembly
from editing.assemble.brief import in_words
from editing.assemble.candidates import clean_cuts, spoiler_limit
from editing.assemble.footage import Footage
from editing.assemble.problem import part_edges
from editing.cut import Brief


def explanation(footage: Footage, brief: Brief, assembly: Assembly) -> str:
    """How far from the best a cut can be, and what every constraint of its brief came to."""
    told = [gap_in_words(brief, assembly)]
    if brief.spoiler_free < 1:
        told.append(f"nothing from frame {spoiler_limit(footage.frames, brief):,} of the film on")
    if brief.acts:
        told.append(_acts(footage, brief, assembly))
    if brief.pacing != 1:
        told.append(f"slots {float(brief.pacing):g} times as long at its beginning as at its end")
    if brief.include:
        held = in_words(sum(span.frames for span in brief.include), footage.rate)
        told.append(f"{held} that the brief includes")
    for reason, count in Counter(one.reason for one in brief.exclude).items():
        told.append(f"{count} range{'s' * (count != 1)} left out: {reason}")
    if brief.speech != "ignore" and len(footage.voiced):
        told.append(_speech(footage, assembly))
    if brief.music is not None:
        told.append(_beats(brief, assembly))
    return "; ".join(told)


def gap_in_words(brief: Brief, assembly: Assembly) -> str:
    """How far from the best a cut can be."""
    against = " without the beats" if brief.music is not None else ""
    if assembly.gap < 1e-4:
        return "no better cut exists by these scores"
    return f"at most {assembly.gap:.2%} below the best possible{against}"


def _acts(footage: Footage, brief: Brief, assembly: Assembly) -> str:
    """The shares that acts have, and those they should have."""
    edges = part_edges(footage, brief)
    filled = np.zeros(len(brief.acts))
    for slot in assembly.slots:
        if slot.media == footage.media:
            middle = (slot.source.start + slot.source.end) // 2
            act = int(np.searchsorted(edges, middle, side="right")) - 1
            filled[min(max(act, 0), len(filled) - 1)] += slot.source.frames
    shares = [
        f"{frames / brief.frames:.0%} of {float(act.share):.0%}"
        for frames, act in zip(filled, brief.acts, strict=True)
    ]
    return f"acts fill {', '.join(shares)} asked"


def _speech(footage: Footage, assembly: Assembly) -> str:
    """How many ends of slots lie within speech, in the picture and in the sound."""
    clean = clean_cuts(footage)
    slots = assembly.slots
    own = [slot.media == footage.media for slot in slots]
    seen = heard = 0
    for number, slot in enumerate(slots):
        if not own[number]:
            continue
        lead = slot.sound.lead if number else 0
        after = slots[number + 1].sound.lead if number + 1 < len(slots) else 0
        runs_on = number + 1 < len(slots) and slots[number + 1].source.start == slot.source.end
        ran_on = number > 0 and slots[number - 1].source.end == slot.source.start
        if not ran_on:
            seen += int(not clean[slot.source.start])
            heard += int(not clean[slot.source.start - lead])
        if not runs_on:
            seen += int(not clean[slot.source.end])
            heard += int(not clean[slot.source.end - after])
    return (
        f"{seen} of {2 * sum(own)} ends of slots within speech, {heard} of them where the sound "
        "joins too"
    )


def _beats(brief: Brief, assembly: Assembly) -> str:
    assert brief.music is not None
    joins = np.cumsum([slot.source.frames for slot in assembly.slots])[:-1]
    on = int(np.isin(joins, brief.music.beats).sum())
    name = brief.music.path.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{on} of {len(joins)} joins on beats of {name}"
