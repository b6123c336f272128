"""Indices and neighbours that are relaxed, or guarded."""

import torch
from algovision import LT, ArgMax, ArgMin, For, If, Let, Max, Min, Var
from programs import CONORMS, algorithm, either, more, number, program, same, when, zero


@algorithm(lambda r: dict(y=r.uniform(0.25, 4.0, 3, 3)), dict(beta=2.0), dict(beta=10.0))
def dijkstra(beta, max_iter=1000):
    """From the first node to the last: what was visited, and where to go on, are relaxed."""
    pick = ArgMin(beta)
    return program(
        Var("d", number([0.0, 10.0, 10.0])),
        Var("visited", torch.zeros(3)),
        Var("open", torch.zeros(3)),
        Var("k", torch.zeros(3)),
        Var("x", zero()),
        For(
            "step",
            3,
            For(
                "i",
                3,
                Let("x", 0.0),
                If(when(lambda visited, i: visited[:, i]), Let("x", 20.0), Let("x", "d", ["i"])),
                Let("open", ["i"], "x"),
            ),
            Let("k", lambda open: pick(*open.unbind(1))),
            Let("visited", ["k"], 1.0),
            For(
                "j",
                3,
                Let("x", lambda d, k, y, j: (d * k).sum(1) + (y[:, :, j] * k).sum(1)),
                If(LT("x", lambda d, j: d[:, j]), Let("d", ["j"], "x")),
            ),
        ),
        Let("loss", "d", [2]),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(5, scale=0.75)), dict(beta=3.0), dict(beta=12.0))
def peaks(beta, max_iter=1000):
    """Neighbours that may not exist: conditions on integers guard what follows."""
    join = CONORMS["hamacher"]
    y_above = lambda y, i, bound: more(beta, y[:, i], bound)

    def peak(y, i):
        left = more(beta, y[:, i], y[:, i - 1]) if i > 0 else 1
        right = more(beta, y[:, i], y[:, i + 1]) if i + 1 < 5 else 1
        return left * right * torch.ones_like(y[:, i])

    def pair(y, i):
        if i + 1 == 5:
            return 0 * y[:, i]
        return y_above(y, i, 0.0) * y_above(y, i + 1, 0.25) * (1 - same(beta, y[:, i + 1], y[:, i]))

    def low(y, i):
        behind = (1 - y_above(y, i, 1.0)) * (1 - y_above(y, i - 1, 1.0)) if i > 0 else 0 * y[:, i]
        return join(behind, more(beta, y[:, 0], y[:, i] + 0.125))

    return program(
        For(
            "i",
            5,
            If(when(lambda y, i: peak(y, i)), Let("loss", lambda loss, y, i: loss + y[:, i])),
            If(when(lambda y, i: pair(y, i)), Let("loss", lambda loss: loss + 1)),
            If(when(lambda y, i: low(y, i)), Let("loss", lambda loss: loss * 1.125)),
        ),
        beta=beta,
    )


@algorithm(
    lambda r: dict(y=r.normal(4), gain=r.integers(-3, 4, 4), open=r.bools(4), row=r.integers(0, 4)),
    dict(beta=2.0, steep=3.0),
    dict(beta=10.0, steep=1.5),
)
def picks(gain, open, row, beta, steep, max_iter=1000):
    """Integers, conditions and several elements at relaxed indices; a helper function with a temperature of its own."""
    first, last = ArgMin(beta), ArgMax(beta)
    steep = steep if beta < 1e6 else beta
    return program(
        Var("k", torch.zeros(4)),
        Var("counts", torch.zeros(4)),
        Var("p", zero()),
        Let("k", lambda y: last(*y.unbind(1))),
        Let("loss", lambda k, y: (k * number(gain)).sum(1) * y[:, 0]),
        Let("p", lambda k: (k * number(open)).sum(1)),
        If(
            either(when(lambda p: p), when(lambda y: more(beta, (first(*y.unbind(1)) * y).sum(1), -0.5))),
            Let("loss", lambda loss, k, y: loss + (k * y).sum(1)),
        ),
        Let("counts", lambda counts, k: counts * (1 - k) + k * 2),
        Let("p", 0.0),
        If(
            when(lambda y: more(steep, y[:, 1], 0.0)),
            Let("p", lambda y: y[:, 1]),
            Let("p", lambda y: 0.25 * y[:, 1]),
        ),
        Let("loss", lambda loss, counts, p: loss + counts[:, row] + p),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(3, 4)), dict(beta=3.0), dict(beta=12.0))
def matrix_moves(beta, max_iter=1000):
    """Relaxed rows and columns of a matrix, read and written."""
    least, most, first, last = Min(beta), Max(beta), ArgMin(beta), ArgMax(beta)

    def put(table, row, column, value):
        at = row[:, :, None] * column[:, None, :]
        return at * value + (1 - at) * table

    return program(
        Var("table", torch.zeros(3, 4)),
        Var("row", torch.zeros(3)),
        Var("column", torch.zeros(4)),
        Var("picked", torch.zeros(4)),
        Let("table", "y"),
        Let("row", lambda table: first(*table[:, :, 0].unbind(1))),
        Let("picked", lambda table, row: (row[:, :, None] * table).sum(1)),
        Let("column", lambda picked: last(*picked.unbind(1))),
        Let("loss", lambda picked, column: (picked * column).sum(1)),
        Let("table", lambda table, row, column: put(table, row, column, 0.5)),
        Let("table", lambda table, row: put(table, row, torch.eye(4)[1:2], table[:, 2:3, 3:4])),
        Let("table", lambda table, row, picked: (1 - row)[:, :, None] * table + row[:, :, None] * (picked[:, None] / 2)),
        Let(
            "table",
            lambda table, column: put(
                table, torch.eye(3)[:1], column, (table[:, 0] * column).sum(1)[:, None, None] + 1
            ),
        ),
        Let("loss", lambda loss, table: loss + (table**2).sum((1, 2)) + least(*table[:, 1].unbind(1)) * most(*table[:, 0].unbind(1))),
        beta=beta,
    )
