"""The benchmark from files to figures: it finds planted signal, and none where there is none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dashboard.cli import reel
from editing.benchmark.annotated_video import AnnotatedVideo
from editing.benchmark.h5_dataset import write_h5
from editing.benchmark.run import HUMAN, MODELS, held_out_keys, read_material, run_benchmark
from editing.benchmark.splits import VideoSplit, write_splits
from editing.errors import DatasetError, ModelError
from editing.rank.networks import NETWORKS
from editing.rank.supervised import SupervisedPlan

Maker = Callable[..., AnnotatedVideo]
TESTED = 4


def folds(
    make_video: Maker, *, shuffled: bool = False, first: int = 0
) -> tuple[dict[str, AnnotatedVideo], VideoSplit]:
    """Four videos to test on, and ten to learn from, whose labels may be shuffled."""
    videos = {
        f"video_{i}": make_video(first + i, steps=40, shuffled=shuffled and i >= TESTED)
        for i in range(14)
    }
    keys = list(videos)
    return videos, VideoSplit(tuple(keys[TESTED:]), tuple(keys[:TESTED]))


def mean_figures(
    make_video: Maker, models: tuple[str, ...] = MODELS, **options: Any
) -> dict[str, dict[str, float]]:
    videos, split = folds(make_video, **options)
    plan = SupervisedPlan(epochs=5, learning_rate=3e-3)
    return {
        found.model: {name: estimate.mean for name, estimate in found.estimates.items()}
        for found in run_benchmark(videos, [split], models=models, plan=plan).models
    }


def test_networks_find_planted_importance_and_beat_random(make_video: Maker) -> None:
    found = mean_figures(make_video)

    assert found.keys() == {*MODELS, HUMAN}
    for name in ("lstm", "transformer"):
        assert found[name]["tau"] > 0.35 > found["random"]["tau"] + 0.25
        assert found[name]["rho"] > found[name]["tau"]
        assert found[name]["precision"] > 2 * found["random"]["precision"]
        assert found[name]["f_mean"] > found["random"]["f_mean"] + 0.2
    assert abs(found["random"]["tau"]) < 0.05
    assert found[HUMAN]["tau"] > 0.4


def test_from_shuffled_labels_nothing_is_learned(make_video: Maker) -> None:
    """One training may lean to the importance by chance, so it is the mean of several."""
    taus = []
    for first in (0, 100, 200, 300):
        found = mean_figures(make_video, NETWORKS, shuffled=True, first=first)
        taus += [found[name]["tau"] for name in NETWORKS]

    assert abs(np.mean(taus)) < 0.15


def test_test_videos_do_not_decide_anything(make_video: Maker) -> None:
    """With their annotations turned round, trainings come out the same and taus the opposite."""
    videos, split = folds(make_video)
    turned = dict(videos)
    for key in split.test:
        video = videos[key]
        assert video.user_scores is not None
        turned[key] = AnnotatedVideo(
            video.features,
            -video.gtscore,
            video.user_summary,
            video.change_points,
            video.picks,
            6 - video.user_scores,
        )
    options = {"models": ("lstm",), "plan": SupervisedPlan(epochs=2)}

    a, b = run_benchmark(videos, [split], **options), run_benchmark(turned, [split], **options)

    assert a.trainings == b.trainings
    assert a.models[0].estimates["tau"].mean == pytest.approx(-b.models[0].estimates["tau"].mean)


def test_what_is_held_out_is_a_fifth_of_the_training_videos() -> None:
    split = VideoSplit(tuple(f"v{i}" for i in range(20)), ("t",))

    held_out = held_out_keys(split, 0)

    assert len(held_out) == 4
    assert set(held_out) < set(split.train)
    assert held_out == held_out_keys(split, 0) != held_out_keys(split, 1)
    with pytest.raises(ModelError, match="has to be held out"):
        held_out_keys(VideoSplit(("a",), ("t",)), 0)


def test_a_video_that_is_tested_twice_counts_once(make_video: Maker) -> None:
    videos = {name: make_video(i, steps=20) for i, name in enumerate("abc")}
    once = [VideoSplit(("c",), ("a", "b"))]
    twice = [*once, VideoSplit(("c",), ("b",))]

    a = run_benchmark(videos, once, models=("uniform",))
    b = run_benchmark(videos, twice, models=("uniform",))

    assert a.models == b.models
    assert a.models[0].estimates["tau"].videos == 2


def test_figures_are_also_given_above_random_ones(make_video: Maker) -> None:
    videos = {name: make_video(i, steps=20) for i, name in enumerate("ab")}
    found = {
        m.model: m
        for m in run_benchmark(videos, [VideoSplit(("a",), ("b",))], models=("linear",)).models
    }

    for name, above in found["linear"].above_random.items():
        difference = found["linear"].estimates[name].mean - found["random"].estimates[name].mean
        assert above.mean == pytest.approx(difference)
    assert found["random"].above_random["f_mean"].mean == 0


def test_no_benchmark_of_an_unknown_model(make_video: Maker) -> None:
    with pytest.raises(ModelError, match="there are lstm"):
        run_benchmark({}, [VideoSplit(("a",), ("b",))], models=("oracle",))


@pytest.fixture
def files(make_video: Maker, tmp_path: Path) -> Path:
    """Six videos, and two splits that test `video_1` twice and `video_5` never."""
    videos = {f"video_{i}": make_video(i, steps=30) for i in range(6)}
    write_h5(tmp_path / "six.h5", videos)
    splits = [
        VideoSplit(("video_3", "video_4", "video_5"), ("video_0", "video_1")),
        VideoSplit(("video_0", "video_4", "video_5"), ("video_1", "video_2", "video_3")),
    ]
    write_splits(tmp_path / "splits.json", splits)
    return tmp_path


def benchmark(files: Path, *words: str) -> Result:
    paths = ["--dataset", str(files / "six.h5"), "--splits", str(files / "splits.json")]
    return CliRunner().invoke(reel, ["rank", "benchmark", *paths, *words])


def test_the_command_prints_each_model_beside_random_and_people(files: Path) -> None:
    result = benchmark(files, "--models", "lstm,uniform", "--epochs", "2")

    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert rows.keys() == {"model", "lstm", "uniform", "random", "human"}
    assert "[" in rows["lstm"]
    assert "(+0.000)" in rows["random"]
    assert "not folds: the 2 splits test 4 distinct videos of 6, 1 of them more" in result.stderr


def test_the_command_keeps_its_trainings_and_gives_the_same_again(files: Path) -> None:
    words = ("--models", "lstm", "--epochs", "2", "--seeds", "0,7", "--format", "json", "-q")
    first = benchmark(files, *words, "--keep", str(files / "kept"))
    again = benchmark(files, *words, "--keep", str(files / "kept"))
    without = benchmark(files, *words)

    assert first.exit_code == 0, first.output
    assert first.stdout == again.stdout == without.stdout
    assert len(list((files / "kept").iterdir())) == 2 * 2
    document = json.loads(first.stdout)
    assert document["coverage"]["tested"] == 4
    assert document["coverage"]["repeated"] == 1
    assert [one["model"] for one in document["models"]] == ["lstm", "random", "human"]
    trainings = document["trainings"]
    assert [(one["split"], one["seed"]) for one in trainings] == [(0, 0), (0, 7), (1, 0), (1, 7)]
    assert not {"video_0", "video_1"} & set(trainings[0]["held_out"])


@pytest.mark.parametrize(
    "words", [("--models", "oracle"), ("--seeds", "x"), ("--seeds", "-1"), ("--epochs", "0")]
)
def test_wrong_words_are_wrong_use(words: tuple[str, str], files: Path) -> None:
    assert benchmark(files, *words).exit_code == 2


def test_a_damaged_file_is_named(files: Path) -> None:
    (files / "six.h5").write_bytes(b"no")

    result = benchmark(files)

    assert isinstance(result.exception, DatasetError)
    assert "six.h5" in str(result.exception)


def test_videos_of_several_files_are_told_apart(files: Path, make_video: Maker) -> None:
    write_h5(files / "more.h5", {"video_0": make_video(9, steps=20)})
    write_splits(files / "s.json", [VideoSplit(("six/video_0", "more/video_0"), ("six/video_1",))])

    material = read_material([files / "six.h5", files / "more.h5"], files / "s.json")

    assert material.splits[0].train == ("six/video_0", "more/video_0")
    assert len(material.videos) == 7
    assert material.coverage.videos == 6  # of the file that is tested
    write_h5(files / "more.h5", {"video_0": make_video(9, steps=20, dim=8)})
    with pytest.raises(DatasetError, match="8 numbers a step"):
        read_material([files / "six.h5", files / "more.h5"], files / "s.json")
    with pytest.raises(DatasetError, match="same file name"):
        read_material([files / "six.h5", files / "six.h5"], files / "s.json")


def test_uneven_picks_still_give_every_frame_a_score(make_video: Maker) -> None:
    video = make_video(0, steps=10)
    picks = video.picks.copy()
    picks[0], picks[5] = 3, picks[5] + 4
    odd = AnnotatedVideo(
        video.features, video.gtscore, video.user_summary, video.change_points, picks
    )

    assert len(odd.on_frames(np.arange(10.0))) == odd.frames
    assert odd.on_frames(np.arange(10.0))[0] == 0
