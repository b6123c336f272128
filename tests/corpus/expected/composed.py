import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import log_softmax, sigmoid, softplus
from jax.scipy.special import logsumexp
from registry import Draw, loss

SHARED = Draw(7)


@loss(
    [6, 4],
    lambda r: dict(y=r.normal(6), embedding=r.uniform(-1, 1, 4)),
    w=SHARED.normal(4, 6, scale=0.7),
    u=SHARED.normal(4, 4, scale=0.7),
    b=SHARED.normal(4, scale=0.5),
)
def frozen_critic(y, embedding, w, u, b):
    layer = lambda x, w: jnp.tanh(w @ ((x - x.mean()) / jnp.sqrt(x.var() + 0.0625)) + b)
    code = layer(layer(y, w), u)
    return ((code - embedding) ** 2).sum() + code.mean() ** 2 + 0.5 * code.var()


@loss([4, 6], lambda r: dict(y=r.normal(3, 4), points=r.normal(6)), floor=0.125)
def mixture_density(y, points, floor):
    deviation = floor + softplus(y[2])
    log_p = -0.5 * ((points[:, None] - y[1]) / deviation) ** 2 - jnp.log(deviation) - 0.9189385
    return -logsumexp(log_p + log_softmax(y[0]), axis=1).mean()


@loss([9, 4], lambda r: dict(y=r.normal(9), wanted=np.array([0.0, 1.0, 0.25, 3.0]) + r.normal(4, scale=0.25)))
def moment_matching(y, wanted):
    z = (y - y.mean()) / y.std()
    found = jnp.stack([y.mean(), y.std(), (z**3).mean(), (z**4).mean()])
    return ((found - wanted) ** 2 / np.array([1, 1, 3, 4])).sum()


@loss(
    [5, 4, True],
    lambda r: dict(y=r.normal(5, scale=0.7), positive=r.integers(0, 4)),
    w=SHARED.normal(5, 5, scale=0.4),
    anchors=SHARED.normal(4, 5),
    depth=3,
    temperature=0.5,
)
def contrastive(y, positive, w, anchors, depth, temperature):
    h = y
    for layer in range(depth):
        z = w @ h + y
        h = h + sigmoid(jnp.roll(z, -layer)) * jax.nn.silu(z)
    unit = lambda x: x / jnp.linalg.norm(x, axis=-1, keepdims=True)
    return -log_softmax(unit(anchors) @ unit(h) / temperature)[positive]
