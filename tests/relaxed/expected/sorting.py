"""Orders: sorting, counting, picking."""

import torch
from algovision import (
    GT,
    LT,
    ArgMax,
    ArgMin,
    Eq,
    For,
    If,
    IsTrue,
    Let,
    LetInt,
    Var,
    VarInt,
    While,
)
from programs import algorithm, more, number, program, when, zero

SORTS = [dict(beta=5.0, max_iter=40), dict(beta=10.0, max_iter=2)]


def step():
    """Puts two neighbours in order, and notes that it did."""
    return If(
        GT(lambda array, i: array[:, i], lambda array, i: array[:, i + 1]),
        [
            Let("a", lambda array, i: array[:, i]),
            Let("b", lambda array, i: array[:, i + 1]),
            Let("array", ["i"], "b"),
            Let("array", [lambda i: i + 1], "a"),
            Let("swapped", 1.0),
            Let("swaps", lambda swaps: swaps + 1),
        ],
    )


@algorithm(lambda r: dict(y=r.normal(5), target=r.normal(5)), *SORTS)
def cocktail_sort(target, beta, max_iter):
    """Forth and back, as long as something was swapped."""
    return program(
        Var("array", torch.zeros(5)),
        Var("a", zero()),
        Var("b", zero()),
        Var("swaps", zero()),
        Var("swapped", number(1.0)),
        Let("array", "y"),
        While(IsTrue("swapped"), Let("swapped", 0.0), For("i", 4, step()), For("i", range(3, -1, -1), step())),
        Let("loss", lambda array, swaps: ((array - torch.tensor(target)) ** 2).sum(1) + 0.25 * swaps),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.normal(5)), *SORTS)
def bubble_swaps(beta, max_iter):
    """How many swaps; an integer changes in the loop."""
    return program(
        Var("array", torch.zeros(5)),
        Var("a", zero()),
        Var("b", zero()),
        Var("swaps", zero()),
        Var("swapped", number(1.0)),
        VarInt("n", 4),
        Let("array", "y"),
        While(IsTrue("swapped"), Let("swapped", 0.0), For("i", "n", step()), LetInt("n", lambda n: max(n - 1, 0))),
        Let("loss", "swaps"),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.normal(4), weight=r.normal(4)), *SORTS)
def insertion_sort(weight, beta, max_iter):
    """Each element goes down as long as the one below is larger; at the bottom there is none below."""
    larger = lambda array, j: more(beta, array[:, j - 1], array[:, j]) if j > 0 else 0 * array[:, 0]
    return program(
        Var("array", torch.zeros(4)),
        Var("a", zero()),
        Var("b", zero()),
        VarInt("j", 0),
        Let("array", "y"),
        For(
            "i",
            range(1, 4),
            LetInt("j", "i"),
            While(
                when(larger),
                Let("a", lambda array, j: array[:, j - 1]),
                Let("b", lambda array, j: array[:, j]),
                Let("array", ["j"], "a"),
                Let("array", [lambda j: j - 1], "b"),
                LetInt("j", lambda j: j - 1),
            ),
        ),
        Let("loss", lambda array: (array * torch.tensor(weight)).sum(1)),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.normal(4), target=r.normal(4)), dict(beta=4.0), dict(beta=15.0))
def selection_sort(target, beta, max_iter=1000):
    """Takes the smallest out, again and again: reads and writes at a relaxed index."""
    pick = ArgMin(beta)
    return program(
        Var("rest", torch.zeros(4)),
        Var("k", torch.zeros(4)),
        Var("sorted", torch.zeros(4)),
        Let("rest", "y"),
        For(
            "i",
            4,
            Let("k", lambda rest: pick(*rest.unbind(1))),
            Let("sorted", ["i"], lambda rest, k: (rest * k).sum(1)),
            Let("rest", ["k"], 8.0),
        ),
        Let("loss", lambda sorted: ((sorted - torch.tensor(target)) ** 2).sum(1)),
        beta=beta,
    )


def equals(r):
    """Three of one, two of another."""
    y = [0.5, 0.5, 0.5, 1.25, 1.25, 2.0 + float(r.normal(scale=0.125))]
    return dict(y=r.rng.permutation(y))


@algorithm(equals, dict(beta=6.0), dict(beta=30.0))
def most_common(beta, max_iter=1000):
    """Counts equals, and takes the element with the largest count and the first two moments of counts."""
    pick = ArgMax(beta)
    return program(
        Var("counts", torch.zeros(6)),
        Var("k", torch.zeros(6)),
        For(
            "i",
            6,
            For(
                "j",
                6,
                If(
                    Eq(lambda y, i: y[:, i], lambda y, j: y[:, j]),
                    Let("counts", ["i"], lambda counts, i: counts[:, i] + 1),
                ),
            ),
        ),
        Let("k", lambda counts: pick(*counts.unbind(1))),
        Let("loss", lambda y, k, counts: (y * k).sum(1) * (counts * k).sum(1) + 0.125 * counts[:, 0] ** 2),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(5), rank=r.integers(0, 5)), dict(beta=5.0), dict(beta=25.0))
def order_statistic(rank, beta, max_iter=1000):
    """The element that as many others are below as the label says."""
    return program(
        Var("below", zero()),
        For(
            "i",
            5,
            Let("below", 0.0),
            For(
                "j",
                lambda i: [j for j in range(5) if j != i],
                If(LT(lambda y, j: y[:, j], lambda y, i: y[:, i]), Let("below", lambda below: below + 1)),
            ),
            If(Eq("below", float(rank)), Let("loss", lambda loss, y, i: loss + y[:, i])),
        ),
        beta=beta,
    )
