import jax
import jax.numpy as jnp
import numpy as np
from registry import loss


def trajectory(step, state, between, n):
    """States after every `between` steps."""
    inner = lambda s: jax.lax.scan(lambda s, _: (step(s), None), s, length=between)[0]
    outer = lambda s, _: (inner(s),) * 2
    return jax.lax.scan(outer, state, length=n)[1]


@loss([6], lambda r: dict(y=r.normal(4, scale=0.7), angles=r.normal(6)), between=50, dt=1 / 64)
def pendulum_observed(y, angles, between, dt):
    friction, stiffness = 0.1 * jnp.exp(y[2]), 9.81 / (1 + jax.nn.softplus(y[3]))
    f = lambda s: jnp.stack([s[1], -stiffness * jnp.sin(s[0]) - friction * s[1]])
    step = lambda s: s + dt * f(s + 0.5 * dt * f(s))
    return ((trajectory(step, y[:2], between, 6)[:, 0] - angles) ** 2).mean()


@loss(
    [5],
    lambda r: dict(y=r.normal(4, scale=0.3), start=r.normal(2, scale=0.4), observed=r.normal(5, 2, scale=0.5)),
    between=40,
    dt=1 / 32,
)
def lotka_volterra(y, start, observed, between, dt):
    a, b, c, d = jnp.exp(y)
    f = lambda s: jnp.stack([a - b * jnp.exp(s[1]), c * jnp.exp(s[0]) - d])

    def step(s):
        k1 = f(s)
        k2 = f(s + dt / 2 * k1)
        k3 = f(s + dt / 2 * k2)
        k4 = f(s + dt * k3)
        return s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    return ((trajectory(step, jnp.asarray(start), between, 5) - observed) ** 2).sum()


@loss([8], lambda r: dict(y=r.normal(8, scale=0.6, around=-0.5), cases=r.uniform(0.5, 12.0, 8)), recovery=0.1875, seed=1 / 64)
def epidemic(y, cases, recovery, seed):
    def step(state, beta):
        s, i = state
        new = beta * s * i / 4
        return (s - new, i + new - recovery * i / 4), new

    _, new = jax.lax.scan(step, (1.0 - seed, 1.0 * seed), jnp.repeat(jax.nn.sigmoid(y), 28))
    weekly = 100 * new.reshape(8, 28).sum(1)
    return (weekly - cases * jnp.log(weekly)).sum()


@loss([7], lambda r: dict(y=r.normal(7, scale=0.6), shape=r.normal(7, scale=0.5)), steps=200, dt=1 / 16, cubic=0.5)
def spring_chain(y, shape, steps, dt, cubic):
    energy = lambda x: (lambda d: (d**2 / 2 + cubic * d**4 / 4).sum())(jnp.diff(jnp.pad(x, 1)))

    def step(state, _):
        x, v = state
        x = x + dt / 2 * v
        v = v - dt * jax.grad(energy)(x)
        return (x + dt / 2 * v, v), None

    (x, _), _ = jax.lax.scan(step, (jnp.zeros(7), y), length=steps)
    return ((x - shape) ** 2).mean()


@loss([10], lambda r: dict(y=r.normal(10), height=r.uniform(0.0, 2.0)), burn=0.125)
def rocket(y, height, burn):
    thrust = 4 * jax.nn.sigmoid(y)
    mass = 1 + jnp.exp(-burn * jnp.cumsum(thrust))
    push = (thrust / mass)[:, None] * (jnp.arange(1, 21) / 20)

    def step(state, p):
        h, v = state
        v = v + 0.05 * (p - 0.5 - 0.1 * v * jnp.sqrt(v**2 + 0.01))
        return (h + 0.05 * v, v), h + 0.05 * v

    _, h = jax.lax.scan(step, (0.0, 0.0), push.ravel())
    missed = (h.reshape(10, 20)[:, -1] - height) ** 2
    return jnp.average(missed, weights=np.arange(1, 11)) + 0.01 * (jnp.diff(y) ** 2).sum()
