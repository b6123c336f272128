#!/usr/bin/env python3
"""The JAX peer of the corpus bench: the mean Hessian of a batch of five losses on the CPU.

    python peer.py [--venv DIR] [--threads T]         JSON lines on stdin -> JSON lines on stdout (the Rust bench drives this)

Request:  {"loss", "batch", "hypers": {"shape", ...}, "y": [batch * m], "labels": [batch of {name: array}], "hessian": [m * m], "tolerance",
           "seconds", "tune"}
Answer:   {"hessian": [m * m], "families": [{"name", "plan", "seconds" (median), "min", "runs"}], "compile" (seconds)}, or {"error"}.

Every formulation is compared with the request's Hessian before it is timed.

A loss is a function of arrays whose leading axes are the problem's and whose trailing axes, none or one, are the batch. So the same text serves
all families:
  * vmap(hessian): `jit(vmap(hessian(loss)).mean)`, what one writes first.
  * columns: the gradient of the batch's sum, pushed along e_k for all samples at once and summed at once: m Hessian-vector products (linearize),
    never an array of batch * m * m. The batch is vmap's, the first axis.
  * columns, batch last: the same, the batch the last axis of every array, so that XLA's inner loops run over samples.
  * another algorithm: the last, of a loss that computes the same otherwise: sums of products of exponentials instead of logarithms of sums. It needs
    no exponential and no logarithm per step, and overflows where the loss as written does not.
How many columns go together, how many samples (a scan over chunks), how far scans are unrolled and variants of the loss are a plan. "tune" varies
each in turn from the best so far and keeps the plan, per family, loss and batch, in plans.json; without it plans are read there. Whether XLA's own
threads on one host device or the batch sharded over one host device per core is faster is found out each time.
"""
import functools, json, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shared"))
import jax_process

ARGS = jax_process.parser("JAX peer of the corpus bench").parse_args()
jax_process.enter(ARGS.venv, ARGS.threads)

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import log_softmax, sigmoid, softmax, softplus
from jax.scipy.special import logsumexp
from jax.sharding import Mesh, NamedSharding, PartitionSpec as Spec

PLANS = Path(__file__).resolve().parent / "plans.json"

# --- The losses: y [*shape], or [*shape, batch] -> one number, or [batch] ------------------------------------------------------------------


def along(v, like):
    """A vector, to be broadcast along the first axis."""
    return jnp.asarray(v, like.dtype).reshape((-1,) + (1,) * (like.ndim - 1))


def shift(x, k, fill):
    """Along the first axis, to larger indices."""
    return jnp.concatenate([jnp.full_like(x[:k], fill), x[:-k]])


def diagonals(x, fill):
    """Row i moved to the right by i, so that columns are anti-diagonals; these first."""
    h, w, *rest = x.shape
    wide = jnp.pad(x, [(0, 0), (0, h)] + [(0, 0)] * len(rest), constant_values=fill)
    return wide.reshape(-1, *rest)[: h * (h + w - 1)].reshape(h, h + w - 1, *rest).swapaxes(0, 1)


def shortest_path(y, demonstrated, gamma, unroll):
    cost, far = softplus(y), 1e4

    def step(state, here):
        before, last = state
        ways = jnp.stack([last, shift(last, 1, far), shift(before, 1, far)])
        return (last, here - gamma * logsumexp(-ways / gamma, axis=0)), None

    here = diagonals(cost, far)
    (_, last), _ = lax.scan(step, (jnp.full_like(here[0], far), here[0]), here[1:], unroll=unroll)
    return (cost * demonstrated).sum((0, 1)) - last[-1]


def shortest_path_sums(y, demonstrated, gamma, cells, unroll):
    cost = softplus(y)
    weight = jnp.exp(-cost / gamma)
    shown = (cost * demonstrated).sum((0, 1))
    if cells:
        (h, w), sums = y.shape[:2], {}
        for i, j in np.ndindex(h, w):
            before = [sums[a] for a in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a in sums]
            sums[i, j] = weight[i, j] * (sum(before) if before else 1.0)
        return shown + gamma * jnp.log(sums[h - 1, w - 1])

    def step(state, here):
        before, last = state
        return (last, here * (last + shift(last, 1, 0.0) + shift(before, 1, 0.0))), None

    here = diagonals(weight, 0.0)
    (_, last), _ = lax.scan(step, (jnp.zeros_like(here[0]), here[0]), here[1:], unroll=unroll)
    return shown + gamma * jnp.log(last[-1])


def sinkhorn_transport(y, plan, rows, columns, epsilon, steps, unroll):
    log_rows, log_columns, y_ = jnp.log(rows), jnp.log(columns), y / epsilon

    def step(state, _):
        # Potentials over epsilon.
        _, g = state
        f = log_rows - logsumexp(g[None] - y_, axis=1)
        return (f, log_columns - logsumexp(f[:, None] - y_, axis=0)), None

    (f, g), _ = lax.scan(step, (jnp.zeros_like(log_rows), jnp.zeros_like(log_columns)), length=steps, unroll=unroll)
    return y.shape[0] * y.shape[1] * ((jnp.exp(f[:, None] + g[None] - y_) - plan) ** 2).sum((0, 1))


def sinkhorn_scalings(y, plan, rows, columns, epsilon, steps, unroll):
    kernel = jnp.exp(-y / epsilon)

    def step(state, _):
        _, v = state
        u = rows / (kernel * v[None]).sum(1)
        return (u, columns / (kernel * u[:, None]).sum(0)), None

    (u, v), _ = lax.scan(step, (jnp.ones_like(rows), jnp.ones_like(columns)), length=steps, unroll=unroll)
    return y.shape[0] * y.shape[1] * ((u[:, None] * kernel * v[None] - plan) ** 2).sum((0, 1))


def spring_chain(y, goal, steps, dt, cubic, unroll):
    walls = [(1, 1)] + [(0, 0)] * (y.ndim - 1)

    def step(state, _):
        x, v = state
        x = x + 0.5 * dt * v
        stretch = jnp.diff(jnp.pad(x, walls), axis=0)
        v = v + dt * jnp.diff(stretch + cubic * stretch * stretch * stretch, axis=0)
        return (x + 0.5 * dt * v, v), None

    (x, _), _ = lax.scan(step, (jnp.zeros_like(y), y), length=steps, unroll=unroll)
    return ((x - goal) ** 2).mean(0)


def approx_ndcg(y, grade, alpha, unroll):
    n = y.shape[0]
    gain = (2**grade - 1).astype(y.dtype)
    ideal = (-jnp.sort(-gain, axis=0) / along(np.log2(np.arange(n) + 2), y)).sum(0)
    # The item itself counts one half.
    rank = 0.5 + sigmoid(alpha * (y[None] - y[:, None])).sum(1)
    return 1 - (gain / jnp.log2(1 + rank)).sum(0) / ideal


def ctc_alphabet(p, target, one_hot):
    """Probabilities of the extended symbols, blanks between all, at each time; where one may jump over a blank."""
    extended = jnp.zeros((2 * target.shape[0] + 1, *target.shape[1:]), target.dtype).at[1::2].set(target)
    skip = (extended != 0) & (extended != shift(extended, 2, 0))
    if one_hot:
        chosen = (extended[:, None] == jnp.arange(p.shape[1]).reshape((1, -1) + (1,) * (p.ndim - 2))).astype(p.dtype)
        return (p[:, None] * chosen[None]).sum(2), skip
    return jnp.take_along_axis(p, jnp.broadcast_to(extended[None], (p.shape[0], *extended.shape)), axis=1), skip


def ctc(y, target, one_hot, unroll):
    p, skip = ctc_alphabet(log_softmax(y, axis=1), target, one_hot)
    never = -1e4

    def step(alpha, now):
        ways = jnp.stack([alpha, shift(alpha, 1, never), jnp.where(skip, shift(alpha, 2, never), never)])
        return logsumexp(ways, axis=0) + now, None

    start = jnp.where(along(np.arange(p.shape[1]), p[0]) < 2, p[0], never)
    alpha, _ = lax.scan(step, start, p[1:], unroll=min(unroll, p.shape[0] - 1))
    return -jnp.logaddexp(alpha[-1], alpha[-2]) / target.shape[0]


def ctc_sums(y, target, one_hot, unroll):
    p, skip = ctc_alphabet(softmax(y, axis=1), target, one_hot)
    step = lambda alpha, now: ((alpha + shift(alpha, 1, 0.0) + skip * shift(alpha, 2, 0.0)) * now, None)
    start = jnp.where(along(np.arange(p.shape[1]), p[0]) < 2, p[0], 0.0)
    alpha, _ = lax.scan(step, start, p[1:], unroll=min(unroll, p.shape[0] - 1))
    return -jnp.log(alpha[-1] + alpha[-2]) / target.shape[0]


LOSSES = {  # name: (loss, its variants, the other algorithm, its variants); the first of each variant is the textbook's
    "shortest_path": (shortest_path, {"unroll": [1, 3]}, shortest_path_sums, {"cells": [False, True], "unroll": [1, 3]}),
    "sinkhorn_transport": (sinkhorn_transport, {"unroll": [1, 4]}, sinkhorn_scalings, {"unroll": [1, 4]}),
    "spring_chain": (spring_chain, {"unroll": [1, 4]}, None, None),
    "approx_ndcg": (approx_ndcg, {"unroll": [1]}, None, None),
    "ctc": (ctc, {"one_hot": [False, True], "unroll": [1, 8]}, ctc_sums, {"one_hot": [True, False], "unroll": [1, 8]}),
}

# --- The formulations: (y, labels) -> mean Hessian [m, m] ----------------------------------------------------------------------------------


def textbook(loss, y, labels):
    """`y` and labels batch first."""
    return jax.vmap(jax.hessian(loss))(y, labels).mean(0)


def columns(loss, y, labels, axis, tangents):
    """Sum over the batch of the Hessians; the batch is an axis of `y`, and of the labels, all of the same number of axes there."""
    shape = y.shape[1:] if axis == 0 else y.shape[:-1]
    batched = jax.vmap(loss) if axis == 0 else loss
    basis = jnp.eye(int(np.prod(shape)), dtype=y.dtype)
    _, push = jax.linearize(jax.grad(lambda y: batched(y, labels).sum()), y)

    def column(e):
        e = e.reshape((1, *shape) if axis == 0 else (*shape, 1))
        return push(jnp.broadcast_to(e, y.shape)).sum(axis).ravel()

    if tangents == 0:
        return jax.vmap(column)(basis)
    return lax.map(column, basis, batch_size=tangents if tangents > 1 else None)


def divisor(n, most):
    return max(d for d in range(1, min(n, most) + 1) if n % d == 0)


def chunked(loss, y, labels, axis, tangents, chunk):
    axis = axis % y.ndim
    batch = y.shape[axis]
    chunk = divisor(batch, chunk or batch)
    if chunk == batch:
        return columns(loss, y, labels, axis and -1, tangents)

    def split(x):
        at = 0 if axis == 0 else x.ndim - 1
        return jnp.moveaxis(x.reshape(*x.shape[:at], -1, chunk, *x.shape[at + 1 :]), at, 0)

    m = y.size // batch
    add = lambda total, part: (total + columns(loss, *part, axis and -1, tangents), None)
    return lax.scan(add, jnp.zeros((m, m), y.dtype), (split(y), jax.tree.map(split, labels)))[0]


def formulation(family, loss, batch, tangents=0, chunk=None, devices=1):
    """A jitted function, and where its inputs lie: a pair of functions from arrays, batch first."""
    axis = 0 if family in ("vmap(hessian)", "columns") else -1
    mesh = Mesh(np.array(jax.devices()[:devices]), ("cores",))
    spec = lambda x: Spec("cores") if axis == 0 else Spec(*[None] * (x.ndim - 1), "cores")
    place = lambda x: jax.device_put(x, NamedSharding(mesh, spec(x)))
    inputs = lambda all: jax.tree.map(lambda x: place(np.ascontiguousarray(np.moveaxis(x, 0, axis))), all)
    if family == "vmap(hessian)":
        return jax.jit(functools.partial(textbook, loss)), inputs

    def step(y, labels):
        total = chunked(loss, y, labels, axis, tangents, chunk)
        return (lax.psum(total, "cores") if devices > 1 else total) / batch

    def sharded(y, labels):
        if devices == 1:
            return step(y, labels)
        specs = jax.tree.map(spec, (y, labels))
        return jax.shard_map(step, mesh=mesh, in_specs=specs, out_specs=Spec(), check_vma=False)(y, labels)

    return jax.jit(sharded), inputs


def answer(request):
    loss, variants, other, other_variants = LOSSES[request["loss"]]
    hypers, batch = dict(request["hypers"]), request["batch"]
    shape = hypers.pop("shape")
    y = np.asarray(request["y"], np.float32).reshape(batch, *shape)
    labels = {k: np.stack([np.asarray(one[k]) for one in request["labels"]]) for k in request["labels"][0]}
    labels = {k: v.astype({"f": np.float32, "i": np.int32, "u": np.int32}.get(v.dtype.kind, v.dtype)) for k, v in labels.items()}
    expected = np.asarray(request["hessian"])
    scale, compiling = np.abs(expected).max(), 0.0
    how = {"tangents": [0, 1, 8], "chunk": [None] + [c for c in (128, 32) if divisor(batch, c) < batch]}
    devices = list(dict.fromkeys(d for d in (1, ARGS.threads) if batch % d == 0))

    def prepare(family, function, plan, devices=1):
        nonlocal compiling
        began = time.perf_counter()
        own = {k: v for k, v in plan.items() if k not in how}
        run, inputs = formulation(family, lambda y, labels: function(y, **labels, **hypers, **own), batch, devices=devices, **{k: v for k, v in plan.items() if k in how})
        inputs = inputs((y, labels))
        call = lambda: run(*inputs)
        hessian = np.asarray(call(), np.float64).reshape(expected.shape)
        compiling += time.perf_counter() - began
        off = np.abs(hessian - expected).max() / scale
        if not off < request["tolerance"]:
            raise ValueError(f"{family} of {request['loss']}, {plan}: the Hessian is off by {off:e}")
        return call, hessian

    def tune(family, function, space, plan):
        best = min(jax_process.run_for(prepare(family, function, plan)[0], 0.1))
        for key, value in [(key, value) for key, values in space.items() for value in values[1:]]:
            trial = plan | {key: value}
            seconds = min(jax_process.run_for(prepare(family, function, trial)[0], 0.1))
            if seconds < best:
                best, plan = seconds, trial
        return plan

    plans = json.loads(PLANS.read_text()) if PLANS.exists() else {}
    families = []
    for family, function, variants in [
        ("vmap(hessian)", loss, variants),
        ("columns", loss, variants),
        ("columns, batch last", loss, variants),
        ("another algorithm", other, other_variants),
    ]:
        if function is None:
            continue
        plan, name = {k: v[0] for k, v in variants.items()}, f"{request['loss']}, {batch}, {family}"
        if family != "vmap(hessian)":
            space = variants | how
            plan = {k: v[0] for k, v in space.items()}
            if request["tune"]:
                plans[name] = tune(family, function, space, plan)
                PLANS.write_text(json.dumps(plans, indent=2) + "\n")
            plan |= plans.get(name, {})
        tried = [(d, *prepare(family, function, plan, d)) for d in (devices if family != "vmap(hessian)" else [1])]
        ((cores, call, hessian),) = jax_process.fastest(tried, 1)
        times = jax_process.run_for(call, request["seconds"])
        plan = describe({"devices": cores} | plan)
        families.append({"name": family, "plan": plan, "seconds": float(np.median(times)), "min": min(times), "runs": len(times)})
    return {"hessian": hessian.ravel().tolist(), "families": families, "compile": compiling}


def describe(plan):
    plan = plan | {k: "all" for k, none in (("tangents", 0), ("chunk", None)) if plan.get(k, 1) == none}
    return ", ".join(f"{k} {v}" for k, v in plan.items())


if __name__ == "__main__":
    jax_process.serve(answer)
