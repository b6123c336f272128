import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_softmax, sigmoid
from registry import Draw, loss

SHARED = Draw(4)


@loss(
    [6, 2, 3],
    lambda r: dict(y=r.normal(6, 2), len=r.integers(2, 7), **{"class": r.integers(0, 3)}),
    w=SHARED.normal(3, 3, 2),
    u=SHARED.normal(3, 3, 3),
)
def gru_steering(y, len, w, u, **label):
    def step(h, x):
        (zx, rx, nx), (zh, rh, nh) = w @ x, u @ h
        z = sigmoid(zx + zh)
        return (1 - z) * jnp.tanh(nx + sigmoid(rx + rh) * nh) + z * h, None

    h, _ = jax.lax.scan(step, jnp.zeros(3), y[:len])
    return -log_softmax(3 * h)[label["class"]]


@loss([8], lambda r: dict(y=r.normal(4, scale=0.5), measured=r.normal(8), missing=r.bools(8, p=0.3)))
def kalman_filter(y, measured, missing):
    # The joint normal distribution of all measurements.
    n = np.arange(1, 9)
    process, sensor = jnp.exp(y[0]), jnp.exp(y[1])
    covariance = 1.0 + process * np.minimum(n[:, None], n[None, :]) + sensor * jnp.eye(8)
    gap = measured - (y[2] + y[3] * n)
    seen = np.flatnonzero(~missing)
    c, g = covariance[np.ix_(seen, seen)], gap[seen]
    return 0.5 * (g @ jnp.linalg.solve(c, g) + jnp.linalg.slogdet(c)[1]) + 0.9189385 * len(seen)


@loss(
    [3, 4, 9],
    lambda r: dict(y=r.normal(3, 4), symbols=r.integers(0, 4, 9), len=r.integers(3, 10)),
    transition=SHARED.simplex(3, 3),
)
def hmm_emissions(y, symbols, len, transition):
    p = jax.nn.softmax(y, axis=1)
    alpha = jnp.full(3, 1 / 3)
    product = jnp.linalg.multi_dot(
        [alpha[None]] + [jnp.diag(p[:, s]) @ transition for s in symbols[: len - 1]] + [p[:, symbols[len - 1]][:, None]]
    )
    return -jnp.log(product[0, 0])


@loss([6, 5], lambda r: dict(y=r.normal(6, 5), tokens=r.integers(0, 5, 6), mask=r.bools(6, p=0.6)), pad=0)
def masked_tokens(y, tokens, mask, pad):
    p = log_softmax(y, axis=1)
    chosen = mask & (tokens != pad)
    hidden = -p[np.arange(6), tokens]
    return jnp.where(chosen, hidden, -0.125 * p[:, pad]).sum() / max(chosen.sum(), 1)


@loss([7], lambda r: dict(y=r.normal(7, 2), x=r.normal(7)))
def autoregressive_flow(y, x):
    def step(state, inputs):
        (one, two), ((shift, scale), x) = state, inputs
        context = one + two / 2
        s = 0.5 * jnp.tanh(scale * (1 + context))
        z = (x - shift - 0.5 * jnp.tanh(context)) / jnp.exp(s)
        return (z, one), z**2 / 2 + s

    return jax.lax.scan(step, (0.0, 0.0), (y, x))[1].sum()
