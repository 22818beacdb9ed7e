"""Into how many groups users fall: as many as can be found again, or one.

Users are dealt into two halves, and each half is grouped by itself; every user's titles are dealt
into two halves as well, and each grouping places the user by one of them. Where there are groups,
both place the same users together (adjusted Rand index, L. Hubert and P. Arabie, 1985); tastes that
are all alike, or chance, give next to 0, though k-means of the same vectors can be very stable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recsys.audience.representations import Represent
from recsys.interactions import Floats, Interactions, Ints

Doubles = npt.NDArray[np.float64]
FitRepresentation = Callable[[Interactions], Represent]

MOST_GROUPS = 8
DEALS = 5
"""How often users and titles are dealt anew."""
NULL_LOGS = 5
"""Logs without groups that are made to compare with."""
NULL_DEALS = 1
FEWEST_TITLES = 4
"""A user with fewer cannot be seen twice."""
FEWEST_USERS = 40
MOST_USERS = 3000
"""More are not needed to tell how many groups there are; as many are drawn."""
FEWEST_AGREEING = 0.1
"""Groups that two halves agree on less than this are of no use, beyond chance or not."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a number of groups is found again."""

    count: int
    value: float
    """The mean adjusted Rand index: 0 is chance, 1 the same groups."""
    low: float
    high: float
    """The middle 95 % of the deals."""


@dataclass(frozen=True, slots=True)
class GroupCount:
    """How many groups there are, and why."""

    count: int
    """1 where none were found again."""
    agreement: list[Agreement]
    """For each number that was tried."""
    chance: float
    """The best agreement, of any number, in logs without groups; the largest of `NULL_LOGS`."""
    users: int
    """On how many it rests."""

    def reason(self) -> str:
        """In words."""
        if not self.agreement:
            return (
                f"too few users with {FEWEST_TITLES} titles or more to tell groups ({self.users})"
            )
        best = max(self.agreement, key=lambda tried: tried.value)
        told = f"agreement of halves {best.value:.2f}, {self.chance:.2f} in logs without groups"
        if self.count == 1:
            return f"no groups that can be found again: {told} at best"
        return f"{self.count} groups are found again best: {told}"


def count_groups(
    interactions: Interactions,
    fit: FitRepresentation,
    *,
    represent: Represent | None = None,
    most: int = MOST_GROUPS,
    seed: int = 0,
) -> GroupCount:
    """Tell how many groups of users there are, from 1 to `most`.

    The logs without groups are this one with its titles dealt among its users anew, each user with
    as many and each title as often as before; they are learned and tried in the same way.

    Args:
        interactions: What the users watched.
        fit: Learns how to represent histories.
        represent: What was learned from these interactions, where learning again is too dear; it
            then stands for all logs.
        most: The largest number tried.
        seed: Of what is drawn.
    """
    chance = np.random.default_rng(seed)
    sample = _drawn_users(interactions, chance)
    users = len(sample.users)
    most = min(most, users // (FEWEST_USERS // 2))
    if most < 2:
        return GroupCount(1, [], 0.0, users)
    told = represent or fit(sample)
    tried = _agreements(told, sample.histories(), most, DEALS, chance)
    found = [
        Agreement(count, float(deals.mean()), *np.percentile(deals, [2.5, 97.5]).tolist())
        for count, deals in enumerate(tried.T, start=2)
    ]
    best = max(found, key=lambda one: one.value)
    if best.value < FEWEST_AGREEING:
        null = 0.0
        count = 1
    else:
        null = max(_without_groups(sample, fit, represent, most, chance) for _ in range(NULL_LOGS))
        count = best.count if best.value > null else 1
    return GroupCount(count, found, null, users)


def grouped(vectors: Floats, count: int, seed: int = 0) -> tuple[Floats, Ints]:
    """The centres of so many groups, `(count, dim)`, and each user's group, `(users,)`."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # small work, which many threads make slower
        found = KMeans(count, n_init=10, random_state=seed).fit(vectors)
    return found.cluster_centers_.astype(np.float32), found.labels_.astype(np.int64)


def nearest(vectors: Floats, centres: Floats) -> Ints:
    """`(users,)`: the nearest centre of each."""
    distance = (centres**2).sum(axis=1) - 2 * vectors @ centres.T
    return np.asarray(distance.argmin(axis=1), np.int64)


def shuffled(interactions: Interactions, chance: np.random.Generator) -> Interactions:
    """The same numbers of titles for each user and of users for each title, else by chance.

    Titles are dealt anew; what a user was dealt twice is dealt again, together with as many other
    plays drawn by chance, until nobody has a title twice. What is left after 200 rounds is taken
    out.
    """
    item, user = chance.permutation(interactions.item), interactions.user
    doubles = _doubles(user, item, len(interactions.items))
    for _ in range(200):
        if not doubles.any():
            break
        some = chance.integers(len(item), size=int(doubles.sum()))
        rows = np.union1d(np.flatnonzero(doubles), some)
        item[rows] = chance.permutation(item[rows])
        doubles = _doubles(user, item, len(interactions.items))
    return replace(interactions, item=item).keep(~doubles)


def _doubles(user: Ints, item: Ints, items: int) -> npt.NDArray[np.bool_]:
    pair = user * items + item
    order = np.argsort(pair, kind="stable")
    found = np.zeros(len(pair), np.bool_)
    found[order[1:]] = np.diff(pair[order]) == 0
    return found


def _drawn_users(interactions: Interactions, chance: np.random.Generator) -> Interactions:
    """Users with enough titles, at most `MOST_USERS`; titles keep their numbers."""
    lengths = np.diff(interactions.starts)
    able = np.flatnonzero(lengths >= FEWEST_TITLES)
    if len(able) > MOST_USERS:
        able = np.sort(chance.choice(able, MOST_USERS, replace=False))
    kept = interactions.keep(np.isin(interactions.user, able))
    return replace(
        kept,
        users=tuple(interactions.users[user] for user in able),
        starts=np.concatenate(([0], np.cumsum(lengths[able]))).astype(np.int64),
    )


def _agreements(
    represent: Represent,
    histories: Sequence[Ints],
    most: int,
    deals: int,
    chance: np.random.Generator,
) -> Doubles:
    """`(deals, most - 1)`: the adjusted Rand index of 2 to `most` groups."""
    whole = represent(histories)
    found = np.empty((deals, most - 1))
    for deal in range(deals):
        seen = [represent(half) for half in _dealt(histories, chance)]
        users = np.array_split(chance.permutation(len(histories)), 2)
        for count in range(2, most + 1):
            found[deal, count - 2] = _agreement(whole, users, seen, count, chance)
    return found


def _agreement(
    whole: Floats,
    users: Sequence[Ints],
    seen: Sequence[Floats],
    count: int,
    chance: np.random.Generator,
) -> float:
    """Each half of the users grouped, and all users placed by one half of their titles each."""
    from sklearn.metrics import adjusted_rand_score

    placed = [
        nearest(vectors, _centres(whole[part], count, chance))
        for part, vectors in zip(users, seen, strict=True)
    ]
    return float(adjusted_rand_score(*placed))


def _centres(vectors: Floats, count: int, chance: np.random.Generator, starts: int = 2) -> Floats:
    """`(count, dim)`: k-means from the better of some starts.

    S. Lloyd, Least Squares Quantization in PCM, 1982, begun as by D. Arthur and S. Vassilvitskii
    (k-means++, 2007). Here, and not in a library, since it is done hundreds of times on little,
    for which the threads of a library cost more than the work.
    """
    best, least = vectors[:count], np.inf
    for _ in range(starts):
        centres = vectors[chance.integers(len(vectors), size=1)]
        while len(centres) < count:
            far = np.maximum(_distances(vectors, centres).min(axis=1), 1e-12).astype(np.float64)
            drawn = chance.choice(len(vectors), p=far / far.sum())
            centres = np.concatenate((centres, vectors[[drawn]]))
        before = np.full(len(vectors), -1)
        for _ in range(50):
            place = _distances(vectors, centres).argmin(axis=1)
            if (place == before).all():
                break
            before = place
            member = np.eye(count, dtype=np.float32)[place]  # (users, count)
            sizes = member.sum(axis=0)[:, None]
            centres = np.where(sizes > 0, member.T @ vectors / np.maximum(sizes, 1), centres)
        spread = float(_distances(vectors, centres).min(axis=1).sum())
        if spread < least:
            best, least = centres, spread
    return np.asarray(best, np.float32)


def _distances(vectors: Floats, centres: Floats) -> Floats:
    """`(users, count)`, squared."""
    squares = (vectors**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * vectors @ centres.T, 0), np.float32)


def _dealt(histories: Sequence[Ints], chance: np.random.Generator) -> tuple[list[Ints], list[Ints]]:
    """Each history in two halves by chance, both in their old order."""
    one, two = [], []
    for history in histories:
        first = chance.permutation(len(history)) < len(history) // 2
        one.append(history[first])
        two.append(history[~first])
    return one, two


def _without_groups(
    sample: Interactions,
    fit: FitRepresentation,
    represent: Represent | None,
    most: int,
    chance: np.random.Generator,
) -> float:
    log = shuffled(sample, chance)
    histories = [history for history in log.histories() if len(history) >= 2]
    told = represent or fit(log)
    return float(_agreements(told, histories, most, NULL_DEALS, chance).mean(axis=0).max())
