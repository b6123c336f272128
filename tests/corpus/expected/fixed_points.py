import jax
import jax.numpy as jnp
import numpy as np
from registry import grid, loss


@loss(
    [4, 5],
    lambda r: dict(y=r.uniform(0.0, 1.5, 4, 5), plan=grid(r.simplex(20).reshape(4, 5)), rows=r.simplex(4), columns=r.simplex(5)),
    epsilon=0.5,
    steps=20,
)
def sinkhorn_transport(y, plan, rows, columns, epsilon, steps):
    # Scalings of the Gibbs kernel instead of potentials.
    kernel = jnp.exp(-y / epsilon)

    def step(v, _):
        u = rows / (kernel @ v)
        return columns / (kernel.T @ u), u

    v, us = jax.lax.scan(step, jnp.ones(5), length=steps)
    return 20 * ((us[-1][:, None] * kernel * v[None] - plan) ** 2).sum()


@loss(
    [6],
    lambda r: dict(
        y=np.array([r.uniform(-0.2, 0.3), r.uniform(-1.0, 1.0), r.uniform(0.0, 1.0), r.uniform(-1.0, 1.0)]),
        time=grid(np.arange(6) * 0.7),
        seen=r.normal(6, 2, scale=0.7),
    ),
    steps=8,
)
def kepler_orbit(y, time, seen, steps):
    axis, e = jnp.exp(y[0]), 0.75 * jax.nn.sigmoid(y[1])
    m = y[2] + axis**-1.5 * time
    f = lambda x: x - e * jnp.sin(x) - m
    x = m + e * jnp.sin(m)
    for _ in range(steps):
        x = x - f(x) / (1 - e * jnp.cos(x))
    z = (axis * (jnp.cos(x) - e) + 1j * axis * jnp.sqrt(1 - e**2) * jnp.sin(x)) * jnp.exp(1j * y[3])
    return (jnp.stack([z.real, z.imag], -1) - seen).__pow__(2).sum(-1).mean()


LINKED = np.array([[0, 1, 1, 0, 1], [1, 0, 0, 1, 0], [1, 1, 0, 1, 1], [0, 0, 1, 0, 1], [1, 0, 1, 1, 0]], bool)


@loss(
    [5],
    lambda r: dict(y=r.normal(5, 5), winner=r.integers(0, 5)),
    linked=LINKED,
    damping=0.875,
    rounds=30,
)
def page_rank(y, winner, linked, damping, rounds):
    p = jax.nn.softmax(jnp.where(linked, y, -jnp.inf), axis=1)
    google = damping * p.T + (1 - damping) / 5
    rank = jnp.linalg.matrix_power(google, rounds) @ jnp.full(5, 0.2)
    return -jnp.log(rank[winner])


@loss([3, 8], lambda r: dict(y=r.normal(3, 2), points=r.normal(8, 2)), stiffness=1.5, rounds=3)
def soft_k_means(y, points, stiffness, rounds):
    def assign(centre):
        d = ((points[:, None] - centre[None]) ** 2).sum(-1)
        return d, jax.nn.softmax(-stiffness * d, axis=1)

    centre = y
    for _ in range(rounds):
        _, share = assign(centre)
        centre = (share.T @ points) / share.sum(0)[:, None]
    d, share = assign(centre)
    return (d * share).sum(1).mean()


@loss([], lambda r: dict(y=r.normal(2, 3), target=r.uniform(-0.5, 0.5, 2)), steps=300)
def equilibrium(y, target, steps):
    step = lambda x, _: (0.75 * x + 0.25 * jnp.tanh(0.5 * y[:, :2] @ x + y[:, 2]), None)
    x, _ = jax.lax.scan(step, jnp.zeros(2), length=steps)
    return ((x - target) ** 2).sum()
