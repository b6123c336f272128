import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from registry import loss


@loss([7], lambda r: dict(y=r.normal(7), grade=r.rng.permutation([0, 0, 1, 1, 2, 3, 4])), alpha=2.0)
def approx_ndcg(y, grade, alpha):
    gain = 2.0**grade - 1
    ideal = (-np.sort(-gain) / np.log2(np.arange(2, 9))).sum()
    # The item itself counts one half.
    rank = 0.5 + jax.nn.sigmoid(alpha * (y[None, :] - y[:, None])).sum(1)
    return 1 - (gain / jnp.log2(1 + rank)).sum() / ideal


@loss([8], lambda r: dict(y=r.normal(8), order=r.permutation(8)))
def list_mle(y, order):
    s = y[order]
    return sum(logsumexp(s[i:]) - s[i] for i in range(len(order)))


@loss([6], lambda r: dict(y=r.normal(6), grade=r.integers(-2, 3, 6)), margin=0.25)
def pairwise_logistic(y, grade, margin):
    i, j = np.nonzero(grade[:, None] > grade[None, :])
    return jax.nn.softplus(y[j] - y[i] + margin * (grade[i] - grade[j])).mean()


@loss([9], lambda r: dict(y=r.spread(9), **{"class": r.integers(0, 9)}))
def top_k_hinge(y, **label):
    c = label["class"]
    rivals, _ = jax.lax.top_k(jnp.delete(y, c), 3)
    return jnp.maximum(1 + rivals.mean() - y[c], 0) ** 2


@loss([8], lambda r: dict(y=r.normal(8), relevant=r.rng.permutation([True, True, True, False, False, False, False, False])), tau=0.25)
def smooth_ap(y, relevant, tau):
    above = jax.nn.sigmoid((y[None, :] - y[:, None]) / tau) * (1 - np.eye(8))
    precision = (1 + (above * relevant).sum(1)) / (1 + above.sum(1))
    return 1 - precision[relevant].mean()


@loss([7], lambda r: dict(y=r.spread(7), gain=r.uniform(0.0, 4.0, 7)))
def lambda_rank(y, gain):
    position = jnp.argsort(jnp.argsort(-y))
    discount = 1 / jnp.log2(position + 2)
    weight = jnp.abs((gain[:, None] - gain[None, :]) * (discount[:, None] - discount[None, :]))
    weight = jnp.where(gain[:, None] > gain[None, :], jax.lax.stop_gradient(weight), 0)
    return (weight * jax.nn.softplus(y[None, :] - y[:, None])).sum()


@loss([7], lambda r: dict(y=r.spread(7), gain=r.uniform(0.0, 4.0, 7), ideal=r.uniform(5.0, 8.0)), k=4, tau=1.5)
def neural_ndcg(y, gain, ideal, k, tau):
    spread = jnp.abs(y[:, None] - y[None, :]).sum(1)
    p = jax.nn.softmax(((6 - 2 * jnp.arange(k))[:, None] * y[None, :] - spread) / tau, axis=1)
    return 1 - (p @ gain / jnp.log2(jnp.arange(2, 2 + k))).sum() / ideal


@loss([8], lambda r: dict(y=r.spread(8, scale=2.0), weight=r.uniform(0.1, 1.0, 8)))
def sorted_gaps(y, weight):
    order = jnp.argsort(y)
    s = jnp.sort(y)
    return -(jnp.asarray(weight)[order][1:] * jnp.log(jnp.diff(s))).sum() + 0.5 * (s[-1] - s[0]) ** 2
