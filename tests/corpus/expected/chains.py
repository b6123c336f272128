import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from registry import Draw, loss

SHARED = Draw(1)


@loss(
    [6, 3],
    lambda r: dict(y=r.normal(6, 3), path=r.integers(0, 3, 6), len=r.integers(2, 7)),
    transition=SHARED.normal(3, 3, scale=0.5),
    temperature=0.75,
)
def soft_viterbi(y, path, len, transition, temperature):
    y, path = y[:len], path[:len]
    step = lambda a, e: (e + temperature * logsumexp((a[:, None] + transition) / temperature, axis=0), None)
    last, _ = jax.lax.scan(step, y[0], y[1:])
    gold = y[np.arange(len), path].sum() + transition[path[:-1], path[1:]].sum()
    return temperature * logsumexp(last / temperature) - gold


@loss([4, 7], lambda r: dict(y=r.normal(4, 4), emission=r.normal(7, 4), tags=r.integers(0, 4, 7)))
def crf_transitions(y, emission, tags):
    # In the probability domain: a product of matrices.
    matrices = jnp.exp(y)[None] * jnp.exp(emission[1:])[:, None, :]
    last, _ = jax.lax.scan(lambda a, m: (a @ m, None), jnp.exp(emission[0]), matrices)
    return jnp.log(last.sum()) - emission[np.arange(7), tags].sum() - y[tags[:-1], tags[1:]].sum()


def ctc_target(r):
    return r.rng.choice([[1, 2, 1], [3, 3, 1], [2, 1, 1], [1, 3, 2]])


@loss([6, 4, 3, 7], lambda r: dict(y=r.normal(6, 4), target=ctc_target(r)))
def ctc(y, target):
    # Sum over all alignments: a product of transition matrices between the extended symbols.
    symbols = np.zeros(2 * len(target) + 1, int)
    symbols[1::2] = target
    n = len(symbols)
    allowed = np.eye(n) + np.eye(n, k=1)
    for s in range(2, n):
        if symbols[s] != 0 and symbols[s] != symbols[s - 2]:
            allowed[s - 2, s] = 1
    p = jax.nn.softmax(y, axis=1)[:, symbols]
    alpha = p[0] * (np.arange(n) < 2)
    for row in p[1:]:
        alpha = (alpha @ allowed) * row
    return -jnp.log(alpha[-2:].sum()) / len(target)


@loss(
    [5, 9],
    lambda r: dict(y=r.uniform(0.5, 2.0, 5), weight=r.integers(1, 6, 5), optimum=r.uniform(2.0, 5.0)),
    temperature=0.5,
)
def knapsack(y, weight, optimum, temperature):
    # The smooth optimum is a log-partition: over all subsets that fit. The table counts a subset once per room it leaves.
    table = jnp.zeros(9)
    for v, w in zip(y, weight):
        shifted = jnp.concatenate([jnp.full(w, -jnp.inf), table[: 9 - w] + v])
        table = jnp.concatenate([table[:w], temperature * jnp.logaddexp(table[w:] / temperature, shifted[w:] / temperature)])
    return (table[-1] - optimum) ** 2


@loss(
    [7, 8],
    lambda r: dict(
        y=r.uniform(0.2, 2.0, 7),
        before=np.array([r.integers(0, i + 1) for i in range(7)]),
        chosen=r.bools(7),
    ),
    temperature=0.5,
)
def intervals(y, before, chosen, temperature):
    # Log-partition over all subsets without overlap, enumerated: set bits say which intervals are taken.
    n = len(y)
    terms = []
    for subset in range(2**n):
        picked = [i for i in range(n) if subset >> i & 1]
        if all(a < before[b] for a, b in zip(picked, picked[1:])):
            terms.append(np.isin(np.arange(n), picked).astype(float))
    return temperature * logsumexp(jnp.stack(terms) @ y / temperature) - (y * chosen).sum()
