"""Branches."""

import torch
from algovision import GT, LT, Eq, For, GEq, If, IsFalse, IsTrue, LEq, Let, Max, Min, NEq, Var
from programs import algorithm, both, either, more, no, number, program, when, zero


@algorithm(lambda r: dict(y=r.normal(6), bound=float(r.normal())), dict(beta=3.0), dict(beta=12.0))
def comparisons(bound, beta, max_iter=1000):
    column = lambda i: lambda y: y[:, i]
    return program(
        If(LT(column(0), column(1)), Let("loss", lambda loss, y: loss + y[:, 2])),
        If(
            LEq(column(1), column(2)),
            Let("loss", lambda loss, y: loss + 2 * y[:, 0]),
            Let("loss", lambda loss, y: loss - y[:, 3] ** 2),
        ),
        If(GT(column(2), lambda: bound), Let("loss", lambda loss, y: loss * y[:, 4])),
        If(GEq(column(3), column(4)), Let("loss", lambda loss, y: loss + y[:, 0] * y[:, 5])),
        If(Eq(column(4), column(5)), Let("loss", lambda loss, y: loss + 3 * y[:, 1])),
        If(
            NEq(column(0), column(5)),
            Let("loss", lambda loss, y: loss - y[:, 2] * y[:, 5]),
            Let("loss", lambda loss: loss * 0.5),
        ),
        beta=beta,
    )


def brackets_sample(r):
    return dict(y=r.uniform(0.25, 4.0, 4), married=r.bools(), paid=r.uniform(0.0, 1.0, 4))


@algorithm(brackets_sample, dict(beta=4.0), dict(beta=20.0))
def brackets(married, paid, beta, max_iter=1000):
    return program(
        Var("x", zero()),
        Var("tax", zero()),
        For(
            "i",
            4,
            Let("x", "y", ["i"]),
            # An `if` that is a value starts from nothing.
            Let("tax", 0.0),
            If(
                LT("x", 1.0),
                Let("tax", 0.0),
                If(
                    LT("x", 2.0),
                    Let("tax", lambda x: 0.25 * (x - 1)),
                    If(
                        LT("x", 3.5),
                        Let("tax", (lambda x: 0.2 * x) if married else (lambda x: 0.25 + (x - 2) ** 2)),
                        Let("tax", lambda x: x * 0.5),
                    ),
                ),
            ),
            Let("loss", lambda loss, tax, i: loss + (tax - paid[i]) ** 2),
        ),
        beta=beta,
    )


def fence(beta, conorm):
    above = lambda i, bound: when(lambda y: more(beta, y[:, i], bound))
    below = lambda i, bound: no(above(i, bound))
    inside = both(above(0, -1.0), below(0, 1.0), when(lambda y: more(beta, 2.0, y[:, 1] ** 2)))
    near = either(
        above(0, 1.5), above(1, 1.5), when(lambda y: more(beta, -0.5, y[:, 0] + y[:, 1])), conorm=conorm
    )
    return program(
        Var("inside", zero()),
        Var("near", zero()),
        Var("flag", zero()),
        Let("inside", lambda y: inside(dict(y=y))),
        Let("near", lambda y: near(dict(y=y))),
        If(
            either(both(IsTrue("inside"), IsFalse("near")), above(2, 1.0), conorm=conorm),
            Let("loss", lambda y: y[:, 2] ** 2),
            Let("loss", lambda y: y[:, 0] - y[:, 1]),
        ),
        For(
            "i",
            4,
            If(
                either(
                    no(when(lambda y, i: more(beta, y[:, i], -0.5))),
                    when(lambda y, i: more(beta, y[:, i], 0.75)),
                    conorm=conorm,
                ),
                Let("flag", 1.0),
            ),
            If(
                no(
                    either(
                        IsTrue("flag"),
                        both(IsTrue("inside"), when(lambda y, i: more(beta, y[:, i], 0.25))),
                        conorm=conorm,
                    )
                ),
                Let("loss", lambda loss, y, i: loss + y[:, i] * y[:, 0]),
            ),
        ),
        # `any` and `all`, and two conditions that are compared.
        If(
            either(*[above(i, 1.0) for i in range(4)], conorm=conorm),
            Let("loss", lambda loss, y: loss + y[:, 3]),
        ),
        If(both(*[below(i, 1.25) for i in range(4)]), Let("loss", lambda loss, y: loss - y[:, 1] ** 2)),
        If(
            when(lambda flag, near: flag * near + (1 - flag) * (1 - near)),
            Let("loss", lambda loss, y: loss * (1 + y[:, 2])),
        ),
        beta=beta,
    )


def fence_sample(r):
    return dict(y=r.normal(4))


@algorithm(fence_sample, dict(beta=2.0), dict(beta=9.0))
def fence_probabilistic(beta, max_iter=1000):
    return fence(beta, "probabilistic")


@algorithm(fence_sample, dict(beta=2.0), dict(beta=9.0))
def fence_hamacher(beta, max_iter=1000):
    return fence(beta, "hamacher")


@algorithm(fence_sample, dict(beta=2.0), dict(beta=9.0))
def fence_yager(beta, max_iter=1000):
    return fence(beta, "yager")


@algorithm(lambda r: dict(y=r.normal(4)), dict(beta=5.0), dict(beta=25.0))
def activations(beta, max_iter=1000):
    least, most = Min(beta), Max(beta)
    return program(
        Var("x", zero()),
        Var("relu", zero()),
        Var("abs", zero()),
        Var("clamp", zero()),
        For(
            "i",
            4,
            Let("x", "y", ["i"]),
            Let("relu", 0.0),
            If(GT("x", 0.0), Let("relu", "x")),
            Let("abs", "x"),
            If(LT("x", 0.0), Let("abs", lambda x: -x)),
            Let("clamp", lambda x: least(most(x, torch.full_like(x, -0.75)), torch.full_like(x, 0.75))),
            Let("loss", lambda loss, relu, abs, clamp: loss + relu * abs + clamp**2 + torch.sin(abs)),
        ),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(5), target=float(r.normal())), dict(beta=6.0), dict(beta=2.0))
def middles(target, beta, max_iter=1000):
    """The median of three by nested branches, and of five by comparisons of pairs."""
    a, b, c = (lambda y, i=i: y[:, i] for i in range(3))
    column = lambda i: lambda y: y[:, i]
    least, most = Min(beta), Max(beta)
    pairs = [(0, 1), (3, 4), (2, 4), (2, 3), (1, 4), (0, 3), (0, 2), (1, 3), (1, 2)]

    def network(y):
        x = list(y.unbind(1))
        for i, j in pairs:
            x[i], x[j] = least(x[i], x[j]), most(x[i], x[j])
        return x[2]

    return program(
        Var("median", zero()),
        If(
            LT(column(0), column(1)),
            If(
                LT(column(1), column(2)),
                Let("median", "y", [1]),
                If(LT(column(0), column(2)), Let("median", "y", [2]), Let("median", "y", [0])),
            ),
            If(
                LT(column(0), column(2)),
                Let("median", "y", [0]),
                If(LT(column(1), column(2)), Let("median", "y", [2]), Let("median", "y", [1])),
            ),
        ),
        Let("loss", lambda median, y: (median - target) ** 2 + network(y) * (least(*y.unbind(1)) - most(*y.unbind(1)))),
        beta=beta,
    )


@algorithm(lambda r: dict(y=r.normal(6, scale=0.75), season=r.integers(0, 3, 6)), dict(beta=4.0), dict(beta=30.0))
def thermostat(season, beta, max_iter=1000):
    """A machine with two states, and integers that decide hard."""
    drift = lambda i: [-0.5, 0.125, 0.25][int(season[i])]
    winter = lambda i: 1.0 if int(season[i]) == 0 else 0.0

    return program(
        Var("heating", zero()),
        Var("room", number(0.25)),
        For(
            "i",
            6,
            Let("room", lambda room, y, i: room + 0.5 * y[:, i] + drift(i)),
            If(
                both(IsTrue("heating"), GT("room", 0.5, beta=beta)),
                Let("heating", 0.0),
                If(both(IsFalse("heating"), LT("room", -0.25, beta=beta)), Let("heating", 1.0)),
            ),
            # A `match` on the season, whose first arm has a guard on the room.
            If(
                when(lambda room, i: winter(i) * more(beta, 0.0, room)),
                Let("loss", lambda loss, room: loss + 2 * room**2),
                Let("loss", lambda loss, room, i: loss + (room**2 if int(season[i]) < 2 else room)),
            ),
            If(IsTrue("heating"), Let("room", lambda room: room + 0.375)),
            Let("loss", lambda loss, heating: loss + 0.25 * heating),
        ),
        beta=beta,
        epsilon=0.0,
    )
