import jax
import jax.numpy as jnp
import numpy as np
from registry import Draw, loss

SHARED = Draw(5)


@loss(
    [6],
    lambda r: dict(y=r.normal(6, scale=0.8), target=r.normal(2), obstacle=r.normal(2)),
    length=np.array([1.0, 0.75, 0.75, 0.5, 0.5, 0.25]),
)
def robot_arm(y, target, obstacle, length):
    joints = jnp.cumsum(length * jnp.exp(1j * jnp.cumsum(y)))
    points = jnp.stack([joints.real, joints.imag], -1)
    near = ((points - obstacle) ** 2).sum(-1)
    limits = jax.nn.softplus(8 * (jnp.abs(y) - 1.5))
    return ((points[-1] - target) ** 2).sum() + (0.125 * jnp.exp(-4 * near) + 0.0625 * limits).sum()


@loss(
    [5],
    lambda r: dict(y=r.normal(4), measured=r.normal(5, 3), weight=r.uniform(0.2, 1.0, 5)),
    reference=SHARED.normal(5, 3),
)
def quaternion_alignment(y, measured, weight, reference):
    length = jnp.sqrt(y @ y)
    w, a, b, c = y / length
    rotation = jnp.array(
        [
            [1 - 2 * (b * b + c * c), 2 * (a * b - w * c), 2 * (a * c + w * b)],
            [2 * (a * b + w * c), 1 - 2 * (a * a + c * c), 2 * (b * c - w * a)],
            [2 * (a * c - w * b), 2 * (b * c + w * a), 1 - 2 * (a * a + b * b)],
        ]
    )
    return (length - 1) ** 2 + weight @ ((reference @ rotation.T - measured) ** 2).sum(1)


@loss(
    [5],
    lambda r: dict(y=r.normal(4, scale=0.5), bearing=r.normal(5), elevation=r.normal(5, scale=0.4)),
    beacon=np.array([[4.0, 1.0, 0.5], [-3.0, 3.0, 1.0], [1.0, -4.0, 2.0], [-4.0, -2.0, 0.0], [2.5, 4.0, -1.0]]),
)
def bearings(y, bearing, elevation, beacon):
    d = beacon - y[:3]
    flat = jnp.linalg.norm(d[:, :2], axis=1)
    # cos(angle - y3 - bearing) by addition theorems.
    shift = y[3] + jnp.asarray(bearing)
    cosine = (d[:, 0] * jnp.cos(shift) + d[:, 1] * jnp.sin(shift)) / flat
    return (1 - cosine + (jnp.arctan(d[:, 2] / flat) - elevation) ** 2).sum()


@loss(
    [4],
    lambda r: dict(y=r.uniform(-1.0, 1.0, 4, 2) - np.array([0.0, 1.5]), angles=r.uniform(0.2, 1.5, 4, 2)),
    thigh=1.0,
    shank=0.75,
)
def leg(y, angles, thigh, shank):
    raw = jnp.linalg.norm(y, axis=1)
    reach = 0.9 * (thigh + shank) * raw / (1 + raw) + 0.1
    cosine = (thigh**2 + shank**2 - reach**2) / (2 * thigh * shank)
    knee = jnp.arccos(cosine)
    quarter = np.pi / 2
    lift = jnp.arcsin(shank * jnp.sqrt(1 - cosine**2) / reach)
    hip = jnp.arctan2(y[:, 0], -y[:, 1]) + lift
    return ((knee - quarter * angles[:, 0]) ** 2 + (1 - jnp.cos(hip - angles[:, 1])) / 2).mean()
