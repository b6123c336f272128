"""The list of algorithms, and what their AlgoVision programs share."""

import dataclasses
import inspect
import typing

import torch
from algovision import Algorithm, Input, Output, Var

ALGORITHMS = {}


@dataclasses.dataclass
class Case:
    name: str
    program: typing.Callable  # from labels and hyper-parameters to an `Algorithm`
    sample: typing.Callable  # from a Draw to y and the labels
    settings: list  # hyper-parameters
    samples: int


def algorithm(sample, *settings, samples=3):
    """Registers a function of labels and hyper-parameters, all by name, that returns an AlgoVision program."""

    def register(function):
        name = function.__name__
        assert name not in ALGORITHMS
        ALGORITHMS[name] = Case(name, function, sample, list(settings), samples)
        return function

    return register


def program(*parts, beta, max_iter=1000, epsilon=1e-5):
    """Of the prediction `y`, with `loss` as its result."""
    return Algorithm(
        Input("y"), Var("loss", zero()), Output("loss"), *parts, beta=beta, max_iter=max_iter, epsilon=epsilon
    )


def zero():
    return torch.tensor(0.0)


def number(x):
    """A constant of a variable."""
    return torch.as_tensor(x, dtype=torch.float64)


def when(f):
    """A condition from a function of variables that returns a probability."""
    names = inspect.getfullargspec(f)[0]
    return lambda state: f(*[state[name] for name in names])


def more(beta, a, b):
    """How likely a > b."""
    return torch.sigmoid(beta * (a - b))


def same(beta, a, b):
    return 1 / torch.cosh(beta * (a - b) / 2) ** 2


def no(condition):
    return lambda state: 1 - condition(state)


def both(*conditions):
    def p(state):
        result = conditions[0](state)
        for condition in conditions[1:]:
            result = result * condition(state)
        return result

    return p


CONORMS = {
    "probabilistic": lambda p, q: p + q - p * q,
    "hamacher": lambda p, q, r=0.5: (p + q + (r - 2) * p * q) / (1 + (r - 1) * p * q),
    "yager": lambda p, q: torch.minimum(p + q, torch.ones_like(p)),
}


def either(*conditions, conorm="probabilistic"):
    def p(state):
        result = conditions[0](state)
        for condition in conditions[1:]:
            result = CONORMS[conorm](result, condition(state))
        return result

    return p
