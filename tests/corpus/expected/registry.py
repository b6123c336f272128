"""The list of losses, and their deterministic inputs."""

import dataclasses
import typing

import numpy as np

CASES = {}


@dataclasses.dataclass
class Case:
    name: str
    function: typing.Callable
    sizes: list  # the const generics, in order
    sample: typing.Callable  # from a Draw to y and the labels
    hypers: dict
    samples: int


def loss(sizes, sample, samples=4, **hypers):
    """Registers a function of y, its labels and hyper-parameters, all by name."""

    def register(function):
        name = function.__name__
        assert name not in CASES
        fixed = {k: grid(v) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for k, v in hypers.items()}
        CASES[name] = Case(name, function, sizes, sample, fixed, samples)
        return function

    return register


def grid(x):
    """To multiples of 2^-12."""
    return np.round(np.asarray(x, dtype=np.float64) * 4096) / 4096


class Draw:
    """Random numbers."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0, around=0.0):
        return grid(around + scale * self.rng.standard_normal(shape))

    def uniform(self, low, high, *shape):
        return grid(self.rng.uniform(low, high, shape))

    def spread(self, n, gap=0.3, scale=1.0):
        """In random order, no two closer than `gap`."""
        steps = gap + self.rng.exponential(scale * 0.4, n)
        x = np.cumsum(steps)
        return grid(self.rng.permutation(x - x.mean()))

    def simplex(self, *shape):
        """Positive, last axis sums to about one."""
        x = self.rng.uniform(0.3, 1.0, shape)
        return grid(x / x.sum(-1, keepdims=True))

    def integers(self, low, high, *shape):
        """low..high, exclusive."""
        return self.rng.integers(low, high, shape) if shape else int(self.rng.integers(low, high))

    def bools(self, *shape, p=0.5):
        return self.rng.uniform(size=shape) < p if shape else bool(self.rng.uniform() < p)

    def permutation(self, n):
        return self.rng.permutation(n)
