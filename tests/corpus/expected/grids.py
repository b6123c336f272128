import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from registry import loss


def smooth_min(x, t):
    return -t * logsumexp(-x / t, axis=0)


@loss([5, 6, 2], lambda r: dict(y=r.normal(5, 2), target=r.normal(6, 2)), band=2, gamma=0.5)
def soft_dtw_band(y, target, band, gamma):
    # By recursion from the end, with infinities outside of the band.
    n, m = len(y), len(target)
    cost = ((y[:, None] - target[None]) ** 2).sum(-1)

    @functools.cache
    def to(i, j):
        if i < 0 or j < 0 or abs(j - i * m // n) > band:
            return None
        if i == j == 0:
            return cost[0, 0]
        ways = [w for w in (to(i - 1, j), to(i, j - 1), to(i - 1, j - 1)) if w is not None]
        return cost[i, j] + smooth_min(jnp.stack(ways), gamma)

    return to(n - 1, m - 1)


@loss(
    [5, 4, 5, 6],
    lambda r: dict(y=r.normal(5, 4), word=r.integers(0, 4, 5), len=r.integers(3, 6)),
    temperature=0.25,
)
def soft_edit_distance(y, word, len, temperature):
    n = y.shape[0]
    substitution = 1 - jax.nn.softmax(y, axis=1)[:, word[:len]]

    # Anti-diagonals at once.
    cells = {(i, 0): jnp.asarray(float(i)) for i in range(n + 1)} | {(0, j): jnp.asarray(float(j)) for j in range(len + 1)}
    for d in range(2, n + len + 1):
        where = [(i, d - i) for i in range(1, n + 1) if 1 <= d - i <= len]
        ways = jnp.stack(
            [
                jnp.stack([cells[i - 1, j - 1] + substitution[i - 1, j - 1] for i, j in where]),
                jnp.stack([cells[i - 1, j] + 1 for i, j in where]),
                jnp.stack([cells[i, j - 1] + 1 for i, j in where]),
            ]
        )
        cells.update(zip(where, smooth_min(ways, temperature)))
    return cells[n, len]


@loss([4, 5], lambda r: dict(y=r.normal(4, 5), score=r.uniform(2.0, 6.0)), gap=0.75)
def smith_waterman(y, score, gap):
    # In the probability domain, row by row; the horizontal recursion is a triangular solve.
    n, m = y.shape
    g = np.exp(-gap)
    geometric = np.tril(g ** (np.arange(m)[:, None] - np.arange(m)[None, :]).clip(0))
    total = 1.0
    above = jnp.ones(m)
    for i in range(n):
        shifted = jnp.concatenate([jnp.ones(1), above[:-1]])
        fresh = 1 + jnp.exp(y[i]) * shifted + g * above
        row = geometric @ (fresh + g * (np.arange(m) == 0))
        total = total + row.sum()
        above = row
    gap_ = jnp.log(total) - score
    return jnp.where(jnp.abs(gap_) <= 1, 0.5 * gap_**2, jnp.abs(gap_) - 0.5)


@loss(
    [5, 4],
    lambda r: dict(y=r.normal(5), target=r.normal(4)),
    open=1.0,
    extend=0.25,
    temperature=0.5,
)
def needleman_wunsch(y, target, open, extend, temperature):
    # Sum over paths of a pair HMM: (state, i, j) by memoised recursion in the probability domain.
    similar = jnp.exp((1 - (y[:, None] - target[None, :]) ** 2) / temperature)
    o, e = np.exp(-open / temperature), np.exp(-extend / temperature)

    @functools.cache
    def paths(state, i, j):
        if (i, j) == (0, 0):
            return 1.0 if state == "m" else 0.0
        if i < 0 or j < 0 or (state == "m" and (i == 0 or j == 0)):
            return 0.0
        if state == "m":
            return similar[i - 1, j - 1] * sum(paths(s, i - 1, j - 1) for s in "mab")
        at = (i - 1, j) if state == "a" else (i, j - 1)
        return sum(paths(s, *at) * (e if s == state else o) for s in "mab")

    return -temperature * jnp.log(sum(paths(s, len(y), len(target)) for s in "mab"))


def walk(r, h, w):
    mask = np.zeros((h, w), bool)
    i = j = 0
    mask[0, 0] = True
    while (i, j) != (h - 1, w - 1):
        steps = [(a, b) for a, b in ((i + 1, j), (i, j + 1), (i + 1, j + 1)) if a < h and b < w]
        i, j = steps[r.integers(0, len(steps))]
        mask[i, j] = True
    return mask


@loss([5, 6], lambda r: dict(y=r.normal(5, 6), demonstrated=walk(r, 5, 6)), gamma=0.5)
def shortest_path(y, demonstrated, gamma):
    cost = jax.nn.softplus(y)
    weight = jnp.exp(-cost / gamma)
    h, w = y.shape
    sums = {}
    for i in range(h):
        for j in range(w):
            before = [sums[a] for a in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a in sums]
            sums[i, j] = weight[i, j] * (sum(before) if before else 1.0)
    return (cost * demonstrated).sum() + gamma * jnp.log(sums[h - 1, w - 1])
