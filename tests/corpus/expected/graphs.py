import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from registry import Draw, loss

SHARED = Draw(2)
ROADS = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 5), (4, 3), (4, 5), (5, 6), (3, 6), (4, 6)]


@loss([7], lambda r: dict(y=r.normal(12), times=r.uniform(0.5, 4.0, 7)), temperature=0.25)
def soft_bellman_ford(y, times, temperature):
    # Dense: a matrix product in the probability domain.
    length = 0.25 + jax.nn.softplus(y)
    tails, heads = np.array(ROADS).T
    step = jnp.zeros((7, 7)).at[tails, heads].add(jnp.exp(-length / temperature))
    start = jnp.exp(-jnp.array([0.0] + [20.0] * 6) / temperature)
    p = start
    for _ in range(6):
        p = (p @ step).at[0].set(1.0)
    gap = -temperature * jnp.log(p[1:]) - times[1:]
    a = jnp.abs(gap)
    return jnp.where(a <= 0.5, gap**2 / 2, 0.5 * (a - 0.25)).sum()


@loss([12], lambda r: dict(y=r.uniform(0.5, 4.0, 12), demand=r.uniform(1.0, 3.0)), edges=np.array(ROADS), t=0.5)
def widest_path(y, demand, edges, t):
    # With u = exp(width / t): smooth minimum of a, b is the harmonic sum, smooth maximum the sum.
    u, c = jnp.ones(7).at[0].set(jnp.exp(8.0 / t)), jnp.exp(y / t)

    def visit(u, edge):
        a, b, c = edge
        return u.at[b].add(u[a] * c / (u[a] + c)), None

    for _ in range(3):
        u, _ = jax.lax.scan(visit, u, (edges[:, 0], edges[:, 1], c))
    return (t * jnp.log(u[6]) - demand) ** 2


PARENT = np.array([0, 0, 0, 1, 1, 2])


@loss(
    [6, 3],
    lambda r: dict(y=r.normal(6, 3), state=r.integers(0, 3, 6)),
    parent=PARENT,
    coupling=SHARED.normal(3, 3),
)
def tree_belief(y, state, parent, coupling):
    # All 3^6 assignments.
    all_states = np.array(list(itertools.product(range(3), repeat=6)))
    score = lambda s: y[np.arange(6), s].sum(-1) + coupling[s[..., PARENT[1:]], s[..., 1:]].sum(-1)
    return logsumexp(score(all_states)) - score(state)


EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 0], [0, 4], [2, 6]])


@loss(
    [8, 10],
    lambda r: dict(y=r.normal(8), measured=r.normal(8), valid=r.bools(8, p=0.7)),
    edges=EDGES,
    rate=0.25,
    rounds=12,
)
def laplacian_smoothing(y, measured, valid, edges, rate, rounds):
    incidence = np.zeros((10, 8))
    incidence[np.arange(10), EDGES[:, 0]] = -1
    incidence[np.arange(10), EDGES[:, 1]] = 1

    def step(h, _):
        d = incidence @ h
        return h - incidence.T @ (rate * d / (1 + d**2)), None

    h, _ = jax.lax.scan(step, y, length=rounds)
    return (valid * (h - measured) ** 2).sum()


WHEEL = np.array([[0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [1, 2], [2, 3], [3, 4], [4, 5], [5, 1]])


@loss([], lambda r: dict(y=r.normal(10), in_tree=np.isin(np.arange(10), r.rng.choice([[0, 5, 6, 7, 8], [0, 1, 2, 3, 4], [3, 7, 6, 5, 8]]))))
def matrix_tree(y, in_tree):
    # Sum over all spanning trees.
    trees = []
    for chosen in itertools.combinations(range(10), 5):
        component = list(range(6))
        for a, b in WHEEL[list(chosen)]:
            component = [component[a] if c == component[b] else c for c in component]
        if len(set(component)) == 1:
            trees.append(np.isin(np.arange(10), chosen))
    return logsumexp(np.array(trees, float) @ y) - (y * in_tree).sum()
