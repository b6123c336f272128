import jax
import jax.numpy as jnp
import numpy as np
from registry import loss


def apart(r, n, kinks, low, high, gap=0.05):
    """Numbers that keep away from `kinks`."""
    x = []
    while len(x) < n:
        v = float(r.uniform(low, high))
        if np.min(np.abs(v - np.asarray(kinks))) > gap:
            x.append(v)
    return np.array(x)


def robust_sample(r):
    y = r.normal(8)
    return dict(y=y, target=y - apart(r, 8, [0, 0.5, -0.5, 2, -2], -3.5, 3.5))


@loss([8], robust_sample, quantile=0.25, delta=0.5)
def robust_pieces(y, target, quantile, delta):
    r = y - target
    a = jnp.abs(r)
    piece = jnp.select(
        [a <= delta, a <= 4 * delta],
        [r**2 / 2, delta * a - delta**2 / 2],
        3.5 * delta**2 + 4 * delta**2 * jnp.log(a / (4 * delta)),
    )
    return (jnp.where(r > 0, 1 - quantile, quantile) * piece).sum()


CURVE = np.array([0.0, 0.5, 1.25, 1.0, 2.0, 3.5, 3.0, 4.25, 5.0])


@loss([10], lambda r: dict(y=apart(r, 10, list(range(9)) + [7.875], -1.0, 8.5), target=r.uniform(0, 5, 10)))
def table_lookup(y, target):
    x = jnp.clip(y, 0, 7.875)
    k = jnp.floor(x).astype(int)
    t = x - k
    catmull_rom = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1.0]])
    around = jnp.pad(CURVE, 2, mode="edge")[k[:, None] + np.arange(1, 5)]
    smooth = jnp.einsum("nk,kp,np->n", jnp.stack([jnp.ones_like(t), t, t * t, t * t * t], -1), catmull_rom, around)
    value = jnp.where((k >= 1) & (k <= 6), smooth, jnp.interp(x, np.arange(9.0), CURVE))
    return ((value - target) ** 2).mean()


def spiking_sample(r):
    # Not within 2 % of the threshold, ever.
    while True:
        y = r.normal(12)
        v = 0.0
        near = []
        for d in y:
            v = 0.75 * v + np.log1p(np.exp(d))
            near.append(abs(v - 1.5))
            v -= 1.5 * (v > 1.5)
        if min(near) > 0.03:
            return dict(y=y, trace=r.uniform(0.0, 1.5, 12))


@loss([12], spiking_sample, leak=0.75, threshold=1.5)
def spiking_neuron(y, trace, leak, threshold):
    def step(v, inputs):
        drive, seen = inputs
        v = leak * v + drive
        over = jnp.maximum(v - threshold, 0)
        fired = v > threshold
        v = v - threshold * fired
        return v, (over**2 / 2 + (v - seen) ** 2, fired)

    _, (losses, fired) = jax.lax.scan(step, 0.0, (jax.nn.softplus(y), trace))
    return losses.sum() * (1 + fired.sum() / 4)


@loss([8], lambda r: dict(y=apart(r, 8, [2, -2], -4, 4), goal=r.uniform(-0.8, 0.8)), dt=0.125, restitution=0.75)
def bouncing_ball(y, goal, dt, restitution):
    def step(state, push):
        x, v = state
        v = v + dt * (push - v / 4)
        x = x + dt * v
        hit = jnp.sign(x) * v * (jnp.abs(x) > 1) > 0
        return (jnp.where(hit, 2 * jnp.sign(x) - x, x), jnp.where(hit, -restitution * v, v)), None

    (x, v), _ = jax.lax.scan(step, (0.0, 0.0), jnp.repeat(jnp.clip(y, -2, 2), 8))
    return (x - goal) ** 2 + v**2 + 0.01 * y @ y


@loss(
    [7],
    lambda r: dict(y=r.rng.permutation(apart(r, 7, [1, 2, 2.5, 5, 10], 0.3, 12)), tax=r.uniform(0, 2, 7), married=r.bools(7)),
)
def tax_brackets(y, tax, married):
    size = np.where(married, 2.0, 1.0)
    rates = np.diff([0.0, 0.125, 0.25, 0.4375], prepend=0)
    due = size * (rates * jnp.maximum((y / size)[:, None] - np.array([0, 1.0, 2.5, 5.0]), 0)).sum(1)
    gap = due - tax
    return (jnp.where(gap > 0, 1, 2) * gap**2).sum() + (jnp.min(y) - 1) ** 2 / 4 + jnp.log(jnp.max(y))
