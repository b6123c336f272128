import jax
import jax.numpy as jnp
import numpy as np
from registry import loss


def cost(x, z, epsilon, steps):
    c = (x[:, None] - z[None, :]) ** 2
    kernel = jnp.exp(-c / epsilon)

    def step(v, _):
        u = 1 / (kernel @ v)
        return 1 / (kernel.T @ u), u

    # Scalings u = exp(f / epsilon) / m and v = exp(g / epsilon) / n.
    v, us = jax.lax.scan(step, jnp.full(len(z), 1.0), length=steps)
    # The first potential starts from g = 0: scale u by m, then v by n.
    u, v = us[-1] * len(z), v * len(x) / len(z)
    return epsilon * (jnp.log(u).mean() + jnp.log(v).mean())


@loss([6, 5], lambda r: dict(y=r.uniform(-1, 1, 6), points=r.uniform(-1, 1, 5)), epsilon=0.5, steps=10)
def sinkhorn_divergence(y, points, epsilon, steps):
    points = jnp.asarray(points)
    total = cost(y, points, epsilon, steps)
    return total - 0.5 * cost(y, y, epsilon, steps) - 0.5 * cost(points, points, epsilon, steps)


@loss([8], lambda r: dict(y=r.spread(8), target=r.normal(8)), p=1.5)
def wasserstein(y, target, p):
    return (jnp.abs(jnp.sort(y) - np.sort(target)) ** p).mean()


@loss([9], lambda r: dict(y=r.normal(9), masses=r.simplex(9)), width=0.5, smooth=1 / 64)
def histogram_transport(y, masses, width, smooth):
    gap = jnp.cumsum(jax.nn.softmax(y) - masses)[:-1]
    return width * (jnp.sqrt(gap**2 + smooth**2) - smooth).sum()


@loss([5, 4], lambda r: dict(y=r.normal(5, 2), points=r.normal(4, 2)))
def energy_distance(y, points):
    across = jnp.linalg.norm(y[:, None] - points[None], axis=-1).mean()
    i, j = np.tril_indices(5, -1)
    return 2 * across - 2 * jnp.linalg.norm(y[i] - y[j], axis=-1).sum() / 25
