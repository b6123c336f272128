"""Loops that end when a condition on floats says so."""

from algovision import GT, LT, For, If, Let, NEq, Var, While
from programs import algorithm, both, either, more, no, number, program, same, when, zero

STEPS = [dict(beta=5.0, max_iter=20), dict(beta=15.0, max_iter=4)]


@algorithm(lambda r: dict(y=r.uniform(0.5, 1.5, 3), tolerance=0.15625), *STEPS)
def bisection(tolerance, beta, max_iter):
    """The root of a x^3 + b x = 2 c."""
    return program(
        Var("low", zero()),
        Var("high", number(2.0)),
        Var("middle", zero()),
        While(
            GT(lambda high, low: high - low, tolerance),
            Let("middle", lambda low, high: 0.5 * (low + high)),
            If(
                LT(lambda y, middle: y[:, 0] * middle**3 + y[:, 1] * middle, lambda y: 2 * y[:, 2]),
                Let("low", "middle"),
                Let("high", "middle"),
            ),
        ),
        Let("loss", lambda low, high: 0.5 * (low + high)),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.uniform(0.5, 4.0, 2)), *STEPS)
def newton_root(beta, max_iter):
    """Square roots by Newton's method: at least two steps, until the error is small."""
    return program(
        Var("x", zero()),
        Var("steps", zero()),
        For(
            "i",
            2,
            Let("x", 1.0),
            Let("steps", 0.0),
            While(
                either(
                    when(lambda x, y, i: more(beta, (x * x - y[:, i]).abs(), 0.0625)),
                    when(lambda steps: more(beta, 1.5, steps)),
                ),
                Let("x", lambda x, y, i: 0.5 * (x + y[:, i] / x)),
                Let("steps", lambda steps: steps + 1),
            ),
            Let("loss", lambda loss, x, steps: loss + x + 0.125 * steps * x),
        ),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(
    lambda r: dict(y=r.integers(2, 12, 2).astype(float)),
    dict(beta=3.0, max_iter=30),
    dict(beta=0.75, max_iter=12),
    dict(beta=10.0, max_iter=40),
    samples=4,
)
def gcd(beta, max_iter):
    """By subtraction, until both are equal: ties and saturated comparisons."""
    return program(
        Var("a", zero()),
        Var("b", zero()),
        Let(["a", "b"], lambda y: (y[:, 0], y[:, 1])),
        While(
            NEq("a", "b"),
            If(
                GT("a", "b"),
                Let("a", lambda a, b: a - b),
                Let("b", lambda a, b: b - a),
            ),
        ),
        Let("loss", lambda a: a),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.uniform(0.5, 6.0, 3)), *STEPS, dict(beta=15.0, max_iter=0))
def halvings(beta, max_iter):
    """How often each number can be halved or is raised: a loop and a branch in a loop."""
    return program(
        Var("x", zero()),
        Var("count", zero()),
        For(
            "i",
            3,
            Let("x", "y", ["i"]),
            While(
                GT("x", 1.0),
                If(
                    GT("x", 3.0),
                    [Let("x", lambda x: 0.5 * x), Let("count", lambda count: count + 1)],
                    [Let("x", lambda x: x - 0.75), Let("count", lambda count: count + 0.5)],
                ),
            ),
            Let("loss", lambda loss, x: loss + x * x),
        ),
        Let("loss", lambda loss, count: loss * (1 + count)),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(
    lambda r: dict(y=r.uniform(1.0, 3.0, 2)), dict(beta=4.0, max_iter=12), dict(beta=16.0, max_iter=6)
)
def loops_in_loops(beta, max_iter):
    """A loop in a loop, and one in a branch."""
    return program(
        Var("left", zero()),
        Var("part", zero()),
        Var("total", zero()),
        Let("left", "y", [0]),
        While(
            GT("left", 0.5),
            Let("part", "left"),
            While(
                GT("part", lambda y: 0.25 * y[:, 1]),
                Let("part", lambda part: part * 0.625),
                Let("total", lambda total, part: total + part * part),
            ),
            If(
                GT("total", "left"),
                While(LT("part", 0.5), Let("part", lambda part: part + 0.1875)),
                Let("total", lambda total: total * 1.125),
            ),
            Let("left", lambda left, part: left - 0.25 - 0.5 * part),
        ),
        Let("loss", lambda total, left, part: total * left + part),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.uniform(0.5, 2.0, 3), full=float(r.uniform(1.0, 2.0))), *STEPS)
def journey(full, beta, max_iter):
    """Walks until it arrives or the fuel is used up, unless it stands: `&&`, `||` and `!` in a loop's condition."""
    return program(
        Var("place", zero()),
        Var("fuel", number(full)),
        Var("speed", number(0.5)),
        While(
            both(
                no(either(GT("place", lambda y: y[:, 0], beta=beta), LT("fuel", 0.0, beta=beta))),
                either(GT("speed", 0.25, beta=beta), when(lambda place: same(beta, place, 0.0))),
            ),
            Let("place", lambda place, speed: place + 0.5 * speed),
            Let("fuel", lambda fuel, speed, y: fuel - 0.25 * y[:, 1] * speed**2),
            If(GT("place", "fuel"), Let("speed", lambda speed, y: speed * 0.75 * y[:, 2])),
        ),
        Let("loss", lambda place, fuel, speed: place * fuel + speed),
        beta=beta,
        max_iter=max_iter,
    )


@algorithm(lambda r: dict(y=r.uniform(0.5, 2.5, 3)), dict(beta=6.0, max_iter=15))
def coarse(beta, max_iter):
    """Sides and steps less likely than one in twenty are not run."""
    return program(
        Var("x", number(2.0)),
        Var("cost", zero()),
        While(
            GT("x", "cost"),
            Let("x", lambda x, y: x - 0.25 * y[:, 0]),
            If(
                GT("x", lambda y: y[:, 1]),
                Let("cost", lambda cost, x: cost + 0.125 * x * x),
                If(
                    LT("x", lambda y: 0.25 * y[:, 2]),
                    Let("cost", lambda cost: cost * 1.5),
                    Let("cost", lambda cost, x: cost + 0.0625 * x),
                ),
            ),
        ),
        Let("loss", lambda x, cost: x * x + cost),
        beta=beta,
        max_iter=max_iter,
        epsilon=0.05,
    )
