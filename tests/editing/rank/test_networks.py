"""What the networks are made of: near attention, bounded memory, and what needs no context."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from editing.rank.features import FeatureSpace
from editing.rank.film import Film
from editing.rank.networks import NETWORKS, config_for, new_network
from editing.rank.transformer import REACH, TransformerConfig, attend_nearby


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shots", [1, 7, 8, 9, 16, 17, 40])
def test_attention_by_blocks_is_attention_with_all_that_is_far_masked(shots: int) -> None:
    q, k, v = torch.randn(3, 2, 3, shots, 4, generator=generator())
    place = torch.arange(shots)
    near = (place[:, None] - place).abs() <= 7

    found = attend_nearby(q, k, v, 7)

    expected = scaled_dot_product_attention(q, k, v, attn_mask=near)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_shot_further_away_than_two_layers_reach_changes_nothing(
    planted: Callable[..., Film],
) -> None:
    film = planted(4 * REACH)
    space = FeatureSpace.of(film)
    network = new_network("transformer", config_for("transformer", space), generator())
    encoded = space.encode(film)
    changed = encoded.clone()
    changed[-1] += 1
    with torch.inference_mode():
        before, after = network(torch.stack([encoded, changed]))

    same = (before == after).numpy()
    assert same[: -2 * REACH - 1].all()
    assert not same[-2 * REACH :].all()


def test_a_film_of_five_thousand_shots_needs_little_memory() -> None:
    """All pairs of one head alone would be 5,000 squared times 4 bytes: 100 MB; there are 8."""
    code = """
import resource, torch
from editing.rank.transformer import ShotTransformer, TransformerConfig
torch.set_num_threads(1)
network = ShotTransformer(TransformerConfig(64, 20)).eval()
def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with torch.inference_mode():
    network(torch.randn(1, 300, 84))
    before = most()
    network(torch.randn(1, 5000, 84))
print(most() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert float(done.stdout) < 120  # MB


@pytest.mark.parametrize("name", NETWORKS)
def test_a_new_network_has_nothing_on_its_linear_path(
    name: str, planted: Callable[..., Film]
) -> None:
    network = new_network(name, config_for(name, FeatureSpace.of(planted(5))), generator())

    assert (network.direct.weight == 0).all()
    assert (network.direct.bias == 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_picture_narrowed_first_is_scored_alike(name: str, planted: Callable[..., Film]) -> None:
    film = planted(20)
    space = FeatureSpace.of(film)
    network = new_network(name, config_for(name, space), generator())
    encoded = space.encode(film)[None]
    with torch.inference_mode():
        assert torch.equal(network(encoded), network.judge(network.read(encoded)))


def test_a_picture_weighs_as_much_whatever_its_size(planted: Callable[..., Film]) -> None:
    for dim in (8, 512):
        encoded = FeatureSpace.of(planted(40, dim=dim)).encode(planted(40, dim=dim))
        total = float((encoded[:, :dim] ** 2).sum(dim=1).mean())

        assert total == pytest.approx(4.0, rel=1e-4)


def test_shots_that_are_copies_are_scored_alike_by_what_they_are(
    planted: Callable[..., Film],
) -> None:
    """All shots alike: whatever the scores, they are numbers and the same for each seed."""
    film = planted(30)
    film.embeddings.vectors[:] = film.embeddings.vectors[0]
    film.measures.values[:] = film.measures.values[0]
    space = FeatureSpace.of(film)
    encoded = space.encode(film)

    assert np.isfinite(encoded.numpy()).all()
    assert (encoded[:, : space.embedding_dim] == 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_linear_path_sees_a_shot_and_its_two_neighbours(
    name: str, planted: Callable[..., Film]
) -> None:
    space = FeatureSpace.of(planted(9))
    network = new_network(name, config_for(name, space), generator())
    torch.nn.init.ones_(network.direct.weight)
    for weight in network.head.parameters():
        torch.nn.init.zeros_(weight)
    encoded = space.encode(planted(9))
    changed = encoded.clone()
    changed[4] += 1
    with torch.inference_mode():
        before, after = network(torch.stack([encoded, changed]))

    assert (before != after).tolist() == [False] * 3 + [True] * 3 + [False] * 3


@pytest.mark.parametrize("sizes", [{"heads": 0}, {"width": 0}, {"order_hidden": 17}])
def test_a_transformer_of_impossible_sizes_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(sizes))):
        TransformerConfig(32, 16, **sizes)
