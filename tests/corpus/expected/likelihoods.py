import jax.numpy as jnp
import numpy as np
from jax.nn import log_sigmoid, sigmoid, softplus
from jax.scipy.special import gammaln
from jax.scipy.stats import norm
from registry import loss


@loss([8], lambda r: dict(y=r.normal(8), time=r.spread(8, gap=0.05) + 4, observed=r.bools(8, p=0.7)))
def cox_regression(y, time, observed):
    risk = (time[None, :] >= time[:, None]) @ jnp.exp(y)
    return ((jnp.log(risk) - y) * observed).sum() / max(observed.sum(), 1)


@loss([5, 6], lambda r: dict(y=r.normal(5, 6, scale=1.5), mask=r.bools(5, 6).astype(float)), samples=3, focus=2.0)
def focal_segmentation(y, mask, focus):
    border = np.pad(np.zeros((3, 4), bool), 1, constant_values=True)
    log_right = log_sigmoid(jnp.where(mask > 0, y, -y))
    weight = jnp.where(border, 1.0, (1 - jnp.exp(log_right)) ** 2)
    p = sigmoid(y)
    dice = 1 - (2 * (p * mask).sum() + 1) / ((p + mask).sum() + 1)
    return -(weight * log_right).mean() + dice


@loss([6], lambda r: dict(y=r.normal(6, 2, scale=0.8), count=r.rng.permutation([0, 0, 1, 2, 5, 0])))
def zero_inflated_counts(y, count):
    zero, rate = sigmoid(y[:, 1]), jnp.exp(y[:, 0])
    poisson = jnp.exp(count * y[:, 0] - rate - gammaln(count + 1.0))
    return -jnp.log((count == 0) * zero + (1 - zero) * poisson).mean()


@loss([4, 8], lambda r: dict(y=r.normal(4, scale=0.6, around=-0.5), x=r.normal(8, scale=0.4), grade=r.rng.permutation([0, 1, 2, 3, 4, 1, 2, 3])))
def ordinal_probit(y, x, grade):
    inner = y[0] + jnp.concatenate([jnp.zeros(1), jnp.cumsum(0.25 + softplus(y[1:]))])
    edges = jnp.concatenate([jnp.array([-40.0]), inner, jnp.array([40.0])])
    p = norm.cdf(edges[grade + 1] - x) - norm.cdf(edges[grade] - x)
    return -jnp.log(p).sum()
