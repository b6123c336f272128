import jax
import jax.numpy as jnp
import numpy as np
from registry import Draw, loss

SHARED = Draw(3)


@loss([4], lambda r: dict(y=r.normal(4, 4), x=r.normal(2, 4)))
def cholesky_likelihood(y, x):
    covariance = y @ y.T + jnp.eye(4)
    quadratic = (x * jnp.linalg.solve(covariance, x.T).T).sum()
    log_2pi = 2 * 0.9189385  # as float32 users write it
    return 0.25 * (quadratic + 2 * (jnp.linalg.slogdet(covariance)[1] + 4 * log_2pi))


@loss(
    [5, 4],
    lambda r: dict(y=r.normal(5, 4), values=r.normal(5, 4), target=r.normal(5, 4)),
    keys=SHARED.normal(4, 5),
)
def attention(y, values, target, keys):
    scores = jnp.where(np.tri(5, dtype=bool), y @ keys / 2.0, -jnp.inf)
    return ((jax.nn.softmax(scores, axis=-1) @ values - target) ** 2).mean(-1).sum()


@loss(
    [3, 3, 2],
    lambda r: dict(y=r.normal(3, 3, 2), target=r.normal(3, 3, 2), means=r.normal(2, scale=0.5)),
    weight=0.375,
)
def total_variation(y, target, means, weight):
    soft = lambda d: (jnp.sqrt(d**2 + 1 / 16) - 0.25).sum()
    variation = soft(jnp.diff(y, axis=0)) + soft(jnp.diff(y, axis=1))
    return ((y - target) ** 2).sum() + weight * variation + 4 * ((y.mean((0, 1)) - means) ** 2).mean()


@loss([5], lambda r: dict(y=r.normal(5, 5), job=r.permutation(5)), rounds=4)
def soft_assignment(y, job, rounds):
    p = jnp.exp(y)
    for _ in range(rounds):
        p = p / p.sum(1, keepdims=True)
        p = p / p.sum(0, keepdims=True)
    return -jnp.log(p[np.arange(5), job]).sum() + 0.25 * (p * jnp.log(p)).sum()


@loss([7, 3], lambda r: dict(y=r.normal(7, 3), target=r.normal(7)), ridge=0.5)
def ridge_residual(y, target, ridge):
    w = jnp.linalg.solve(y.T @ y + ridge * jnp.eye(3), y.T @ target)
    return ((y @ w - target) ** 2).mean()
