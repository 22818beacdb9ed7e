"""Why a shot is not in a cut, and what would put it there: every change told was tried."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editing.assemble.footage import Footage
from editing.assemble.why import Change, Choice, chosen_shots, rescored, why
from editing.cut import Act, Brief, Music
from editing.errors import ImpossibleBrief
from editing.rank.film import ShotScores
from ingest.media import MediaId
from ingest.timecode import FrameRange


def footage_of(scores: list[float], setups: list[int] | None = None, frames: int = 24) -> Footage:
    """Shots of `frames` frames; two of one set-up look the same, two of different ones unlike."""
    count = len(scores)
    setups = setups or list(range(count))
    values = np.array(scores, dtype=np.float64)
    return Footage(
        media=MediaId(1),
        rate=Fraction(24),
        frames=frames * count,
        fit=tuple(FrameRange(frames * i, frames * (i + 1)) for i in range(count)),
        interest=np.zeros(frames * count),
        vectors=np.eye(max(setups) + 1, dtype=np.float32)[setups],
        scores=ShotScores(values, ("motion",), values[:, None]),
    )


def brief_of(frames: int, **changes: object) -> Brief:
    return replace(Brief("rough", frames, 20, 24, Fraction(1), max_similarity=0.9), **changes)


def named(choice: Choice, setting: str) -> Change | None:
    return next((change for change in choice.changes if change.setting == setting), None)


def test_the_next_best_shot_would_be_chosen_if_the_cut_were_longer() -> None:
    """Of four shots of a second the two best fill two seconds; a third needs 60 frames at least."""
    footage = footage_of([9.0, 5.0, 8.0, 1.0])
    choice = why(footage, brief_of(48), 1)

    assert not choice.chosen
    assert choice.obstacle == ""
    longer = named(choice, "length of the cut")
    assert longer is not None
    assert longer.brief is not None
    assert longer.brief.frames >= 60  # three slots of at least 20 frames
    assert 1 in (chosen_shots(footage, longer.brief) or ())


def test_a_shot_like_a_chosen_one_says_which_and_would_do_without_it() -> None:
    footage = footage_of([9.0, 5.0, 8.0, 7.0], setups=[0, 0, 1, 2])
    choice = why(footage, brief_of(72), 1)

    assert choice.obstacle == "it is too similar to shot 0, which is in the cut"
    left_out = named(choice, "shots left out")
    assert left_out is not None
    assert left_out.without == 0
    alike = named(choice, "similarity of two shots, at most")
    assert alike is None or 1 in (chosen_shots(footage, alike.brief) or ())  # type: ignore[arg-type]


def test_a_shot_behind_the_spoiler_limit_would_be_chosen_if_more_were_shown() -> None:
    footage = footage_of([1.0, 2.0, 3.0, 9.0])
    choice = why(footage, brief_of(48, spoiler_free=Fraction(3, 4)), 3)

    assert choice.obstacle == "it lies behind the spoiler limit, frame 72"
    more = named(choice, "share of the film that may be shown")
    assert more is not None
    assert more.brief is not None
    assert more.brief.spoiler_free == 1  # 48 frames are two slots of 24, so all of it is needed


def test_a_shot_too_short_says_what_it_has_and_what_is_needed() -> None:
    footage = replace(
        footage_of([1.0, 2.0, 3.0]),
        fit=(FrameRange(0, 24), FrameRange(24, 40), FrameRange(48, 72)),
    )
    choice = why(footage, brief_of(24), 1)

    assert choice.obstacle == (
        "it has 0.67 s (16 frames) to show, and the shortest slot lasts 0.83 s (20 frames)"
    )


def test_a_shot_with_no_frame_to_show_says_so_and_no_change_helps() -> None:
    footage = replace(footage_of([1.0, 2.0]), fit=(FrameRange(0, 24), None))
    choice = why(footage, brief_of(24), 1)

    assert "none of its frames is fit to show" in choice.obstacle
    assert choice.changes == ()


@given(
    st.lists(st.integers(-8, 8), min_size=2, max_size=6),
    st.integers(20, 100),
    st.integers(0, 5),
    st.integers(0, 2),
)
@settings(max_examples=8, deadline=None)
def test_every_change_that_is_told_turns_the_choice(
    scores: list[int], frames: int, shot: int, alike: int
) -> None:
    shot = min(shot, len(scores) - 1)
    setups = [min(i, len(scores) - 1 - alike) if alike else i for i in range(len(scores))]
    footage = footage_of([float(s) for s in scores], [max(0, s) for s in setups])
    acts = (Act(Fraction(1, 2), Fraction(1, 2)), Act(Fraction(1), Fraction(1, 2), Fraction(3, 4)))
    brief = brief_of(frames, acts=acts * (frames % 2), pacing=Fraction(1 + frames % 3))
    cut = chosen_shots(footage, brief)
    if cut is None:
        with pytest.raises(ImpossibleBrief):
            why(footage, brief, shot)
        return
    choice = why(footage, brief, shot)

    assert choice.chosen == (shot in cut)
    for change in choice.changes:
        changed = footage if change.score is None else rescored(footage, shot, change.score)
        after = chosen_shots(changed, change.brief or brief, leave_out=change.without)
        assert after is not None
        assert (shot in after) != choice.chosen


def test_a_shot_left_out_for_its_score_says_what_score_would_do() -> None:
    """Two slots for the best of three: 5 has to become more than 8, to a hundredth of the range."""
    choice = why(footage_of([9.0, 5.0, 8.0]), brief_of(48), 1)

    score = named(choice, "its score")
    assert score is not None
    assert score.score == pytest.approx(8.0, abs=0.05)


def test_a_shot_that_the_film_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="shots 0 to 1, not 2"):
        why(footage_of([1.0, 2.0]), brief_of(24), 2)


def test_a_shot_of_an_act_that_is_full_would_be_chosen_with_a_larger_one() -> None:
    """Each act may fill half of two seconds; 8 lies in the first half, as 9 does."""
    half = Fraction(1, 2)
    acts = (Act(half, half, half), Act(Fraction(1), half, half))
    footage = footage_of([9.0, 8.0, 1.0, 2.0, 3.0, 7.0])
    brief = brief_of(48, kind="highlights", acts=acts)
    assert chosen_shots(footage, brief) == {0, 5}

    choice = why(footage, brief, 1)

    assert not choice.chosen
    wider = named(choice, "share of act 1, at most")
    assert wider is not None
    assert wider.brief is not None
    assert wider.brief.acts[0].most >= Fraction(40, 48)  # two slots of at least 20 frames
    assert 1 in (chosen_shots(footage, wider.brief) or ())
    even = named(choice, "acts")
    assert even is not None
    assert (even.before, even.after) == ("2", "none, the film evenly")


def test_the_share_of_an_act_is_one_of_the_changes_and_shares_still_sum_to_one() -> None:
    """A part's share counts for more than scores where the brief wants the film covered."""
    third = Fraction(1, 3)
    acts = (
        Act(third, Fraction(0)),
        Act(2 * third, Fraction(1, 2)),
        Act(Fraction(1), Fraction(1, 2)),
    )
    footage = footage_of([5.0, 4.5, 4.0, 4.2, 4.3, 4.4])
    choice = why(footage, brief_of(48, acts=acts), 0)

    assert not choice.chosen
    more = named(choice, "share of act 1")
    assert more is not None
    assert more.brief is not None
    assert sum(act.share for act in more.brief.acts) == 1
    assert more.brief.acts[0].share > 0
    assert more.brief.acts[1].share == more.brief.acts[2].share


def test_pacing_that_turns_a_choice_is_one_of_the_changes() -> None:
    """Even slots are two of 60 frames; with a steep curve the last ones are short, so three fit."""
    footage = replace(
        footage_of([5.0, 5.2, 5.1, 5.05], frames=60),
        fit=(FrameRange(0, 24), *(FrameRange(60 * i, 60 * (i + 1)) for i in range(1, 4))),
    )
    brief = brief_of(120, max_shot=60, pacing=Fraction(1))
    assert chosen_shots(footage, brief) == {1, 2}

    steeper = named(why(footage, brief, 3), "pacing")

    assert steeper is not None
    assert steeper.before == "1"
    assert steeper.brief is not None
    assert 1 < steeper.brief.pacing <= 2
    assert chosen_shots(footage, steeper.brief) == {1, 2, 3}


def test_a_shot_that_the_beats_keep_out_would_be_chosen_without_music() -> None:
    """A beat every 8 frames: a slot of 20 to 24 that ends on one has 24; the best shot has 22."""
    footage = replace(
        footage_of([9.0, 8.0, 7.0]),
        fit=(FrameRange(0, 22), FrameRange(24, 48), FrameRange(48, 72)),
    )
    brief = brief_of(44, music=Music("music/song.wav", "0" * 32, (8, 16, 24, 32, 40)))
    assert chosen_shots(footage, brief) == {1, 2}

    change = named(why(footage, brief, 0), "music")

    assert change is not None
    assert (change.before, change.after) == ("song.wav", "none")
    assert change.brief is not None
    assert chosen_shots(footage, change.brief) == {0, 1}


def test_speech_that_keeps_a_shot_out_is_one_of_the_changes() -> None:
    """Somebody speaks all through the best shot, so no slot of it begins and ends in silence."""
    footage = replace(footage_of([9.0, 8.0, 7.0]), voiced=np.array([[-0.1, 1.1]]), sounding=True)
    brief = brief_of(44, speech="strict")
    assert chosen_shots(footage, brief) == {1, 2}
    choice = why(footage, brief, 0)
    changes = [
        change for change in choice.changes if change.setting == "speech at the ends of slots"
    ]
    assert {change.after for change in changes} >= {"ignore"}
    assert all(change.before == "strict" for change in changes)


def test_what_changes_only_the_sound_changes_no_choice() -> None:
    footage = replace(footage_of([9.0, 5.0, 8.0]), voiced=np.array([[0.2, 0.9]]), sounding=True)
    brief = brief_of(48, speech="avoid")
    cuts = {chosen_shots(footage, replace(brief, lead=lead, fade_ms=lead)) for lead in (0, 3, 24)}
    assert len(cuts) == 1
