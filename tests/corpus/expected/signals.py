import jax
import jax.numpy as jnp
import numpy as np
from registry import grid, loss

ROOT_HALF = np.sqrt(0.5)
PI = np.pi


@loss([16], lambda r: dict(y=r.normal(16), signal=r.normal(16)), weight=0.125)
def haar_sparsity(y, signal, weight):
    coarse, details = y, []
    while coarse.size > 1:
        a, b = coarse.reshape(-1, 2).T
        coarse, detail = ROOT_HALF * (a + b), ROOT_HALF * (a - b)
        details.append(detail)
    return ((y - signal) ** 2).mean() + weight * jnp.log1p(4 * jnp.concatenate(details) ** 2).sum()


def phase_sample(r):
    # Fractions away from one half, steps away from whole numbers.
    while True:
        y = r.normal(8, scale=1.5)
        d = np.abs(np.diff(y))
        if np.min(np.abs(d - np.round(d))) > 0.02:
            break
    return dict(y=y, phase=grid(y + r.uniform(-0.4, 0.4, 8) - r.integers(-2, 3, 8)), clockwise=r.bools())


@loss([8], phase_sample)
def phase_unwrapping(y, phase, clockwise):
    d = y - phase
    step = jnp.diff(y)
    size = jnp.abs(step)
    energy = jnp.exp(size if clockwise else -size) * jax.lax.stop_gradient(jnp.ceil(size))
    return ((d - jax.lax.stop_gradient(jnp.round(d))) ** 2).sum() + energy.sum() / 16


@loss([4, 16, 3], lambda r: dict(y=r.spread(4), signal=r.normal(16), pooled=r.normal(3)), stride=2)
def strided_filter(y, signal, pooled, stride):
    out = jnp.stack([signal[s : s + 4] @ y for s in range(0, 12, stride)]).reshape(3, 2)
    return ((out.max(1) - pooled) ** 2 + 0.125 * jnp.sqrt((out**2).sum(1) + 0.0625)).sum() + y.min() ** 2


@loss([9, 4], lambda r: dict(y=r.normal(9), wanted=r.normal(4, scale=0.5)))
def power_spectrum(y, wanted):
    turns = np.outer(np.arange(4), np.arange(9)) % 9
    z = np.exp(-2j * PI * turns / 9) @ y
    return ((jnp.log10(jnp.abs(z) ** 2 / 9 + 0.125) - wanted) ** 2).sum()
