import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, logsumexp
from jax.scipy.stats import cauchy, norm
from registry import loss


@loss([6, 8], lambda r: dict(y=r.normal(6, scale=0.7), at=r.uniform(-1, 1, 8), target=r.normal(8)), delta=0.5)
def polynomial_fit(y, at, target, delta):
    gap = np.vander(at, 6, increasing=True) @ y - target
    slope = np.array([[-1.0, 1.0]]).T ** np.arange(5) @ (np.arange(1, 6) * y[1:])
    a = jnp.abs(gap)
    return jnp.where(a <= delta, gap**2 / 2, delta * (a - delta / 2)).sum() + (slope**2).sum() / 16


@loss([7, 9, True], lambda r: dict(y=r.normal(7, scale=0.7), at=r.uniform(-1, 1, 9), target=r.uniform(-1, 1, 9)))
def chebyshev(y, at, target):
    basis = np.cos(np.arange(0, 7, 2) * np.arccos(at)[:, None])
    return ((jnp.tanh(basis @ y[::2]) - target) ** 2).mean()


@loss([5, 6, 40], lambda r: dict(y=r.normal(5), sample=r.uniform(-1, 1, 6)))
def legendre_density(y, sample):
    basis = lambda x: np.polynomial.legendre.legvander(x, 5)[:, 1:]
    energy = basis(-1 + (np.arange(40) + 0.5) / 20) @ y
    return logsumexp(energy) - np.log(20) - (basis(sample) @ y).mean()


@loss([5, 6], lambda r: dict(y=r.normal(5, scale=0.8), coefficient=r.normal(6)))
def vieta(y, coefficient):
    c = jnp.poly(y)[::-1][:5]
    return ((c - coefficient[:5]) ** 2 / (1 + coefficient[:5] ** 2)).sum()


@loss([10], lambda r: dict(y=r.normal(10, scale=0.6), scale=r.uniform(0.5, 1.0)))
def elementary(y, scale):
    a = 1.5 + jnp.sqrt(jnp.sinh(y * scale) ** 2 + 0.25)
    kinds = [
        lambda x, a: jnp.log2(a) * 2.0**x + jnp.expm1(x) * jnp.log1p(a),
        lambda x, a: jnp.log10(a) - jnp.cbrt(a) * jnp.cosh(0.5 * x),
        lambda x, a: jnp.arcsin(x / a) + jnp.arccos(x / a) * jnp.tanh(x) + 1 / a,
        lambda x, a: a**x + jnp.tan(0.25 * x) * jnp.arctan(x),
        lambda x, a: jnp.cos(x * a + scale) * erf(x) + norm.cdf(a - 2) * cauchy.cdf(x),
    ]
    total = sum(kinds[k](y[k::5], a[k::5]).sum() for k in range(5))
    return total + jnp.log1p(y**2 / 4).sum() * jax.nn.sigmoid(y[0] - y[-1])
