import jax
import jax.numpy as jnp
import numpy as np
from registry import loss


@loss([7, 35, 2], lambda r: dict(y=r.normal(35, scale=0.4), points=r.normal(2, 7)), samples=3)
def packed_gaussian(y, points):
    raw = jnp.zeros((7, 7)).at[np.tril_indices(7)].set(y[7:])
    l = jnp.tril(raw, -1) + jnp.diag(jnp.exp(jnp.diag(raw)))
    z = jax.scipy.linalg.solve_triangular(l, (points - y[:7]).T, lower=True)
    return 0.5 * (z**2).sum() / 2 + jnp.trace(raw) + 7 * 0.9189385


def spectrum_sample(r):
    return dict(y=r.normal(10, scale=0.7), direction=r.normal(4, scale=0.5), largest=r.uniform(1.0, 3.0))


@loss([4, 10], spectrum_sample, rounds=12)
def packed_spectrum(y, direction, largest, rounds):
    half = jnp.zeros((4, 4)).at[np.triu_indices(4)].set(y)
    a = half + half.T - jnp.diag(jnp.diag(half)) + 4 * jnp.eye(4)
    v = jnp.linalg.matrix_power(a, rounds) @ jnp.ones(4)
    v = v / jnp.linalg.norm(v)
    return (v @ a @ v - 4 - largest) ** 2 + 1 - (v @ direction) ** 2


@loss([6, 2, 15], lambda r: dict(y=r.normal(6, 2), distance=r.uniform(0.5, 3.0, 15), known=r.bools(15, p=0.7)))
def packed_stress(y, distance, known):
    i, j = (k[known] for k in np.tril_indices(6, -1))
    d = jnp.linalg.norm(y[i] - y[j], axis=1)
    return ((d - distance[known]) ** 2).sum() / (d**2).sum()


@loss([6, 15], lambda r: dict(y=r.normal(6), wins=r.integers(0, 8, 15), games=7))
def packed_tournament(y, wins, games):
    i, j = np.tril_indices(6, -1)
    p = jax.nn.sigmoid(y[i] - y[j])
    return -(wins * jnp.log(p) + (games - wins) * jnp.log1p(-p)).sum() / games + (y**2).sum() / 8
