"""Dynamic programs, with hard decisions that were relaxed."""

import torch
from algovision import GT, LT, Eq, For, If, Let, Max, Min, Var, VarInt, While
from programs import algorithm, both, either, more, number, program, when, zero


@algorithm(lambda r: dict(y=r.normal(7)), dict(beta=4.0), dict(beta=20.0))
def maximum_subarray(beta, max_iter=1000):
    """Kadane's algorithm, with branches and with maxima."""
    most = Max(beta)
    return program(
        Var("here", zero()),
        Var("next", zero()),
        Var("best", number(-8.0)),
        Var("ending", zero()),
        Var("largest", number(-8.0)),
        For(
            "i",
            7,
            Let("next", 0.0),
            If(
                GT("here", 0.0),
                Let("next", lambda here, y, i: here + y[:, i]),
                Let("next", "y", ["i"]),
            ),
            Let("here", "next"),
            If(GT("here", "best"), Let("best", "here")),
            Let("ending", lambda ending, y, i: most(ending + y[:, i], y[:, i])),
            Let("largest", lambda largest, ending: most(largest, ending)),
        ),
        Let("loss", lambda best, largest: best * largest),
        beta=beta,
    )


@algorithm(
    lambda r: dict(y=r.uniform(0.25, 2.0, 4), weight=r.integers(1, 4, 4)), dict(beta=5.0), dict(beta=20.0)
)
def knapsack(weight, beta, max_iter=1000):
    """The largest total of items whose weights fit, each at most once."""
    most = Max(beta)
    take = lambda item, room, w: lambda best, y: most(best[:, room], best[:, room - w] + y[:, item])
    return program(
        Var("best", torch.zeros(6)),
        *[
            Let("best", [room], take(item, room, int(w)))
            for item, w in enumerate(weight)
            for room in range(5, int(w) - 1, -1)
        ],
        Let("loss", "best", [5]),
        beta=beta,
    )


@algorithm(
    lambda r: dict(
        y=r.integers(0, 3, 4) + r.bools(4) * r.normal(4, scale=0.125), word=r.integers(0, 3, 5).astype(float)
    ),
    dict(beta=6.0),
    dict(beta=40.0),
)
def levenshtein(word, beta, max_iter=1000):
    """Edits between letters that are numbers."""
    least = Min(beta)
    return program(
        Var("d", torch.zeros(5, 6)),
        Var("change", zero()),
        VarInt("word", [int(x) for x in word]),
        For("i", 5, Let("d", ["i", 0], lambda i: torch.full((1,), float(i)))),
        For("j", 6, Let("d", [0, "j"], lambda j: torch.full((1,), float(j)))),
        For(
            "i",
            range(1, 5),
            For(
                "j",
                range(1, 6),
                Let("change", 0.0),
                If(
                    Eq(lambda y, i: y[:, i - 1], lambda word, j: float(word[j - 1])),
                    Let("change", "d", [lambda i: i - 1, lambda j: j - 1]),
                    Let("change", lambda d, i, j: d[:, i - 1, j - 1] + 1),
                ),
                Let(
                    "d",
                    ["i", "j"],
                    lambda d, i, j, change: least(d[:, i - 1, j] + 1, d[:, i, j - 1] + 1, change)[:, None, None],
                ),
            ),
        ),
        Let("loss", "d", [4, 5]),
        beta=beta,
    )


@algorithm(
    lambda r: dict(y=r.uniform(0.25, 4.0, 4, 4), far=r.integers(0, 4, 4)), dict(beta=3.0), dict(beta=12.0)
)
def floyd_warshall(far, beta, max_iter=1000):
    """All shortest paths; some of them count."""
    least = Min(beta)
    shorter = lambda k: lambda d, i, j: least(d[:, i, j], d[:, i, k] + d[:, k, j])[:, None, None]
    return program(
        Var("d", torch.zeros(4, 4)),
        Let("d", "y"),
        Let("d", lambda d: d * (1 - torch.eye(4))),
        *[For("i", 4, For("j", 4, Let("d", ["i", "j"], shorter(k)))) for k in range(4)],
        Let("loss", lambda d: sum(d[:, i, int(far[i])] for i in range(4))),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(7), bound=float(r.uniform(-0.5, 0.5))), dict(beta=4.0), dict(beta=20.0))
def longest_run(bound, beta, max_iter=1000):
    """The longest run above a bound, and how many runs there are."""
    return program(
        Var("run", zero()),
        Var("longest", zero()),
        Var("runs", zero()),
        Var("above", zero()),
        Var("before", zero()),
        For(
            "i",
            7,
            Let("before", "above"),
            Let("above", lambda y, i: more(beta, y[:, i], bound)),
            If(when(lambda above: above), Let("run", lambda run: run + 1), Let("run", 0.0)),
            If(when(lambda above, before: above * (1 - before)), Let("runs", lambda runs: runs + 1)),
            If(GT("run", "longest"), Let("longest", "run")),
        ),
        Let("loss", lambda longest, runs: longest * longest + runs),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(5)), dict(beta=5.0), dict(beta=40.0))
def increasing_subsequence(beta, max_iter=1000):
    """Length of the longest one."""
    return program(
        Var("length", torch.ones(5)),
        Var("best", zero()),
        For(
            "i",
            5,
            For(
                "j",
                lambda i: range(i),
                If(
                    both(
                        when(lambda y, i, j: more(beta, y[:, i], y[:, j])),
                        when(lambda length, i, j: more(beta, length[:, j] + 0.5, length[:, i])),
                    ),
                    Let("length", ["i"], lambda length, j: length[:, j] + 1),
                ),
            ),
            If(when(lambda length, i, best: more(beta, length[:, i], best)), Let("best", "length", ["i"])),
        ),
        Let("loss", "best"),
        beta=beta,
    )


@algorithm(
    lambda r: dict(y=r.uniform(0.25, 2.0, 3, 4)), dict(beta=3.0, max_iter=5), dict(beta=10.0, max_iter=8)
)
def cheapest_way(beta, max_iter):
    """From the left edge to the right one; whoever is too expensive gives up: a helper function that is relaxed as well."""
    least = Min(beta)

    def onwards(row, costs):
        up = torch.cat([torch.full_like(row[:, :1], 16.0), row[:, :-1]], 1)
        down = torch.cat([row[:, 1:], torch.full_like(row[:, :1], 16.0)], 1)
        # The helper's own temperature.
        least = Min(8.0 if beta < 1e6 else beta)
        return costs + torch.stack([least(least(row[:, i], up[:, i]), down[:, i]) for i in range(3)], 1)

    return program(
        Var("row", torch.zeros(3)),
        Var("rest", zero()),
        Let("row", "y", [None, 0]),
        *[Let("row", (lambda j: lambda row, y: onwards(row, y[:, :, j]))(j)) for j in range(1, 4)],
        Let("rest", lambda row: least(*row.unbind(1))),
        While(
            either(GT("rest", 1.0, beta=beta), when(lambda rest: more(beta, 0.25, rest))),
            Let("rest", lambda rest: rest - 0.5),
            If(LT("rest", 0.0), Let("rest", lambda rest: -0.75 * rest)),
        ),
        Let("loss", lambda rest, row: rest + row[:, 1]),
        beta=beta,
        max_iter=max_iter,
    )
