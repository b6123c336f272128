#!/usr/bin/env python3
"""The JAX peer of the curvature and GPU benches: the batch's mean Hessian and z* of four sorting losses.

    python peer.py [--venv DIR] [--threads T]         JSON lines on stdin -> JSON lines on stdout (the Rust bench drives this)
    python peer.py --gpu [--kept DIR]                 the same on a GPU, with this Python's JAX; see below
    python peer.py --check DIR                        value, gradient, Hessian in float64 against the golden files in DIR
    python peer.py --table [--n 5,10] [--seconds S]   every loss, n and batch on random scores, as a Markdown table

Request:  {"loss": "neural_sort|soft_sort|logistic_dsn|cauchy_dsn", "n", "batch", "param", "lambda", "y": [batch*n], "q": [batch*n*n],
           "seconds", "textbook": false}
Answer:   {"seconds" (median), "min", "runs", "compile" (of the winner), "tuning" (all candidates), "formulation", "mean_loss",
           "hessian": [n*n], "z_star": [first 3 rows]}, or {"error"}.
Layouts:  NeuralSort, SoftSort: P[position, item], descending; networks: P[item, position], ascending; Q as its P.

What a formulation is here, and what was tried.  All of them differentiate the loss forward over reverse.
  * The batch is the LAST axis of every array, so that XLA's inner loops run over samples and vectorise.  At n = 10, batch 100 this makes
    it 6 (network) to 17 (NeuralSort) times faster than the textbook `jit(mean(vmap(hessian(loss))))`, whose innermost axis is the
    short n ("textbook": true runs it).
  * Basis vector e_k is pushed through all samples at once and averaged at once: n batched Hessian-vector products and never an array of
    batch*n*n.  `tangents` of them run together (vmap); fewer than n means `linearize` once, then `lax.map` over the basis.
  * `chunk` samples at a time (lax.scan) keep the tangents in cache.  `devices`: XLA's own threads on one host device, or the batch
    sharded over one host device per core (shard_map + psum).
On a GPU (--gpu) all tangents run together, unless that is more than fits or than pays, and the textbook's form is a candidate like the others: its time
comes along ("textbook_seconds"), and so does that of the best with y and q on the host ("host_seconds").  Q may be given by its
ones ("order": [batch*n] columns).  Programs are kept in --kept DIR; --prepare K/N compiles every N-th one into it and ends, so that processes share
the work; --cpu rehearses all that without a GPU.
The best of them depends on (loss, n, batch) and is found by timing.  Tried and dropped, not seen to be faster: networks as lax.scan over pairs
of layers (unrolled layers compile in 1 to 4 s even at n = 32); even and odd wires in separate arrays; one array per wire and no reshapes
(5 times slower, and 26 to 52 s of compilation at n = 10); SoftSort with ranks and one-hot sums instead of jnp.sort.  XLA flags
(prefer_vector_width=512, use_fusion_emitters=false) made no difference above the noise of the machine, which was busy.  fast_math is not used: it
gives up NaN and infinity, which saturated losses need.
"""
import json, math, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "shared"))
import jax_process

COMPILE_LIMIT = 120.0  # seconds of compilation per request; candidates beyond it are not tried (the answer says so)


def arguments():
    a = jax_process.parser("JAX peer of the curvature bench")
    a.add_argument("--gpu", action="store_true", help="on the GPU, in this Python")
    a.add_argument("--cpu", action="store_true", help="with --gpu: the same on the CPU, to rehearse")
    a.add_argument("--kept", type=Path, metavar="DIR", help="with --gpu: folder of compiled programs")
    a.add_argument("--trace", action="store_true", help="with --kept: trace programs anew (if loading whole ones fails)")
    a.add_argument("--prepare", metavar="K/N", help="with --kept: compile the K-th of N shares of --losses, --n and --batch, and end")
    a.add_argument("--check", type=Path, metavar="DIR", help="compare with the golden files in DIR")
    a.add_argument("--table", action="store_true", help="time every combination")
    a.add_argument("--n", default="5,10,15,32", help="sizes for --table and --prepare")
    a.add_argument("--batch", default="100,1000", help="batches for --table and --prepare")
    a.add_argument("--losses", default=None, help="losses for --table and --prepare")
    a.add_argument("--seconds", type=float, default=1.0, help="time per measurement for --table")
    a.add_argument("--textbook", action="store_true", help="--table times jit(mean(vmap(hessian))) instead")
    return a.parse_args()


ARGS = arguments()
if ARGS.gpu:
    jax_process.enter_gpu(ARGS.venv, ARGS.cpu)
else:
    jax_process.enter(ARGS.venv, ARGS.threads)

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding, PartitionSpec as Spec

# --- Binary cross-entropy as PyTorch computes it: the derivatives are rules, not those of the clamped logarithm ---------------------------

EPS = 1e-12


@jax.custom_jvp
def bce(p, q):
    return -(q * jnp.maximum(jnp.log(p), -100.0) + (1 - q) * jnp.maximum(jnp.log1p(-p), -100.0))


@jax.custom_jvp
def bce_slope(p, q):
    return (p - q) / jnp.maximum(p * (1 - p), EPS)


def bce_curvature(p, q):
    # Not (1 - p + EPS): XLA folds the constants to (1 + EPS) - p, which in float32 is 0 at p = 1, and the Hessian is NaN.
    root = (p + EPS) * jnp.where(p == 1, EPS, 1 - p + EPS)
    return (p * p - 2 * p * q + q) / (root * root)


bce.defjvp(lambda primals, tangents: (bce(*primals), bce_slope(*primals) * tangents[0]))
bce_slope.defjvp(lambda primals, tangents: (bce_slope(*primals), bce_curvature(*primals) * tangents[0]))

# --- The losses: y [n, batch], q [n, n, batch] -> [batch] ----------------------------------------------------------------------------------


def neural_sort(y, q, tau):
    n = y.shape[0]
    distance = jnp.abs(y[:, None] - y[None]).sum(1)
    scale = (n - 1 - 2 * jnp.arange(n)).astype(y.dtype)[:, None, None]
    return bce(jax.nn.softmax((scale * y - distance) / tau, axis=1), q).mean((0, 1))


def soft_sort(y, q, tau):
    descending = -jnp.sort(-y, axis=0)
    return bce(jax.nn.softmax(-jnp.abs(descending[:, None] - y[None]) / tau, axis=1), q).mean((0, 1))


def sorting_network(cdf):
    """Odd-even network; all comparators of a layer at once. Wires first: row 0 of a wire is its value, the others its column of P."""

    def loss(y, q, beta):
        n, batch = y.shape
        eye = jnp.broadcast_to(jnp.eye(n, dtype=y.dtype)[:, :, None], (n, n, batch))
        wires = jnp.concatenate([y[:, None], eye], 1)
        for layer in range(n):
            start = layer % 2
            end = start + 2 * ((n - start) // 2)
            pairs = wires[start:end].reshape(-1, 2, n + 1, batch)
            a, b = pairs[:, 0], pairs[:, 1]
            moved = cdf(beta * (b[:, :1] - a[:, :1])) * (a - b)
            mixed = jnp.stack([b + moved, a - moved], 1).reshape(end - start, n + 1, batch)
            wires = jnp.concatenate([wires[:start], mixed, wires[end:]], 0)
        return bce(wires[:, 1:], q.swapaxes(0, 1)).mean((0, 1))

    return loss


LOSSES = {  # name: (loss, the paper's parameter, golden file)
    "neural_sort": (neural_sort, 1.0, "neuralsort"),
    "soft_sort": (soft_sort, 0.1, "softsort"),
    "logistic_dsn": (sorting_network(jax.nn.sigmoid), 10.0, "dsn_odd_even_logistic"),
    "cauchy_dsn": (sorting_network(lambda v: jnp.arctan(v) / math.pi + 0.5), 10.0, "dsn_odd_even_cauchy"),
}

# --- Curvature: y [n, batch], q [n, n, batch] -> gradients [n, batch] and the sum of the Hessians [n, n] -----------------------------------


def curvature(loss, y, q, param, tangents):
    basis = jnp.eye(y.shape[0], dtype=y.dtype)
    gradient = jax.grad(lambda y: loss(y, q, param).sum())
    g, push = jax.linearize(gradient, y)
    row = lambda e: push(jnp.broadcast_to(e[:, None], y.shape)).sum(1)
    if tangents >= len(basis):
        return g, jax.vmap(row)(basis)
    return g, lax.map(row, basis, batch_size=tangents if tangents > 1 else None)


def chunked_curvature(loss, y, q, param, tangents, chunk):
    n, batch = y.shape
    chunk = max(c for c in range(1, min(chunk, batch) + 1) if batch % c == 0)
    if chunk == batch:
        return curvature(loss, y, q, param, tangents)

    def add(total, part):
        g, h = curvature(loss, *part, param, tangents)
        return total + h, g

    parts = (jnp.moveaxis(y.reshape(n, -1, chunk), 1, 0), jnp.moveaxis(q.reshape(n, n, -1, chunk), 2, 0))
    total, g = lax.scan(add, jnp.zeros((n, n), y.dtype), parts)
    return jnp.moveaxis(g, 0, 1).reshape(n, batch), total


def newton(hessian, lam, y, g):
    return (y - jnp.linalg.solve(hessian + lam * jnp.eye(len(y), dtype=y.dtype), g)).T


def formulation(loss, batch, tangents, chunk, devices):
    """A jitted step (y [batch, n], q [n, n, batch], param, lambda) -> (mean Hessian, z* [batch, n]) and where its inputs lie."""

    def step(y, q, param, lam):
        y = y.T
        g, total = chunked_curvature(loss, y, q, param, tangents, chunk)
        hessian = (lax.psum(total, "cores") if devices > 1 else total) / batch
        return hessian, newton(hessian, lam, y, g)

    mesh = Mesh(np.array(jax.devices()[:devices]), ("cores",))
    inputs = (Spec("cores"), Spec(None, None, "cores"), Spec(), Spec())
    if devices > 1:
        step = jax.shard_map(step, mesh=mesh, in_specs=inputs, out_specs=(Spec(), Spec("cores")), check_vma=False)
    return jax.jit(step), [NamedSharding(mesh, spec) for spec in inputs]


def textbook(loss):
    """What one writes first: the Hessian of one sample, vmapped, averaged."""
    one = lambda y, q, param: loss(y[:, None], q[:, :, None], param)[0]

    def step(y, q, param, lam):
        over = dict(in_axes=(0, 2, None))
        hessian = jax.vmap(jax.hessian(one), **over)(y, q, param).mean(0)
        return hessian, newton(hessian, lam, y.T, jax.vmap(jax.grad(one), **over)(y, q, param).T)

    mesh = Mesh(np.array(jax.devices()[:1]), ("cores",))
    return jax.jit(step), [NamedSharding(mesh, Spec())] * 4


def candidates(loss, n, batch):
    plans = []
    if n**3 * batch <= 400_000:
        plans += [(n, batch), (1, batch)]
    if n**2 * batch > 10_000:
        plans += [(1, 100), (4, 100), (1, 50), (4, 50)] + ([(n, 50)] if n <= 15 else [])
    for devices in dict.fromkeys([1, ARGS.threads]):
        seen = set()
        for tangents, chunk in plans:
            plan = (tangents, min(chunk, batch // devices))
            if batch % devices == 0 and plan not in seen:
                seen.add(plan)
                yield f"tangents {plan[0]}, chunk {plan[1]}, devices {devices}", formulation(loss, batch, *plan, devices)


def gpu_candidates(loss, n, batch):
    """The textbook's form, and whole batches or parts of them, all basis vectors at once or eight."""
    yield "textbook", textbook(loss)
    chunks = [batch] + [c for c in (1000,) if c < batch and n >= 15]
    for tangents in [n] + [t for t in (8,) if n >= 15]:
        for chunk in chunks:
            yield f"tangents {tangents}, chunk {chunk}", formulation(loss, batch, tangents, chunk, 1)


# --- Timing --------------------------------------------------------------------------------------------------------------------------------


if ARGS.kept:
    jax_process.keep(ARGS.kept)
WHOLE = None if ARGS.trace else ARGS.kept
if ARGS.gpu:
    # Programs that were kept call the solver, which must have been loaded before.
    jnp.linalg.solve(jnp.eye(2), jnp.ones((2, 1))).block_until_ready()


def gpu_inputs(values):
    """With the shapes that `formulation` and `textbook` take; on the device."""
    return [jax.device_put(v, jax.devices()[0]) for v in values]


def gpu_answer(request):
    name, n, batch = request["loss"], request["n"], request["batch"]
    y = np.asarray(request["y"], np.float32).reshape(batch, n)
    if "order" in request:
        q = np.eye(n, dtype=np.float32)[np.asarray(request["order"]).reshape(batch, n)]
    else:
        q = np.asarray(request["q"], np.float32).reshape(batch, n, n)
    values = (y, np.moveaxis(q, 0, 2).copy(), np.float32(request["param"]), np.float32(request["lambda"]))
    inputs = gpu_inputs(values)
    tried, left_out, began = [], [], time.perf_counter()
    for form, (step, _) in gpu_candidates(LOSSES[name][0], n, batch):
        if tried and time.perf_counter() - began > request.get("compile_limit", COMPILE_LIMIT):
            left_out.append(form)
            continue
        try:
            made = jax_process.compiled(step, inputs, f"{name} {n} {batch} {form}", WHOLE)
            jax.block_until_ready(made(*inputs))
            tried.append((form, lambda made=made: made(*inputs)))
        except jax.errors.JaxRuntimeError as error:  # more memory than there is
            left_out.append(f"{form}: {str(error)[:100]}")
    tuning = time.perf_counter() - began
    seconds = request.get("seconds", 1.0)
    textbook_seconds = float(np.median(jax_process.run_for(tried[0][1], seconds / 2))) if tried[0][0] == "textbook" else None
    form, run = jax_process.fastest(tried, 1)[0]
    times = jax_process.run_for(run, seconds)
    made = run.__defaults__[0]
    from_host = jax_process.run_for(lambda: made(*gpu_inputs(values)), seconds / 4)
    hessian, z_star = (np.asarray(v) for v in run())
    return {"seconds": float(np.median(times)), "min": min(times), "runs": len(times), "tuning": tuning, "formulation": form,
            "textbook_seconds": textbook_seconds, "host_seconds": float(np.median(from_host)), "left_out": left_out,
            "hessian": hessian.ravel().tolist(), "z_star": z_star[:3].ravel().tolist()}


def prepare():
    share, shares = map(int, ARGS.prepare.split("/"))
    names = ARGS.losses.split(",") if ARGS.losses else list(LOSSES)
    sizes = [(n, batch) for n in map(int, ARGS.n.split(",")) for batch in map(int, ARGS.batch.split(","))]
    # What takes longest first, and neighbours for different processes.
    jobs = [(name, n, batch, form, step) for n, batch in sorted(sizes, reverse=True) for name in reversed(names)
            for form, (step, _) in gpu_candidates(LOSSES[name][0], n, batch)]
    for name, n, batch, form, step in jobs[share::shares]:
        shapes = [(batch, n), (n, n, batch), (), ()]
        inputs = [jax.ShapeDtypeStruct(s, np.float32, sharding=jax.sharding.SingleDeviceSharding(jax.devices()[0])) for s in shapes]
        began = time.perf_counter()
        try:
            jax_process.compiled(step, inputs, f"{name} {n} {batch} {form}", WHOLE)
        except Exception as error:  # the bench tries it again, and says so
            print(f"{name} {n} {batch} {form}: {type(error).__name__}: {str(error)[:200]}", flush=True)
            continue
        print(f"{name} {n} {batch} {form}: {time.perf_counter() - began:.1f} s", flush=True)


def answer(request):
    if ARGS.gpu:
        return gpu_answer(request)
    loss, n, batch = LOSSES[request["loss"]][0], request["n"], request["batch"]
    y = np.asarray(request["y"], np.float32).reshape(batch, n)
    q = np.moveaxis(np.asarray(request["q"], np.float32).reshape(batch, n, n), 0, 2).copy()
    values = (y, q, np.float32(request["param"]), np.float32(request["lambda"]))
    tried, tuning, left_out = [], 0.0, 0
    for name, (step, places) in [("textbook", textbook(loss))] if request.get("textbook") else candidates(loss, n, batch):
        if tuning > COMPILE_LIMIT:
            left_out += 1
            continue
        began = time.perf_counter()
        inputs = [jax.device_put(v, place) for v, place in zip(values, places)]
        compiled = step.lower(*inputs).compile()
        seconds = time.perf_counter() - began
        tuning += seconds
        tried.append((name, lambda c=compiled, i=inputs: c(*i), seconds))
        jax.block_until_ready(tried[-1][1]())
    # The best two are timed.
    finals = jax_process.fastest(tried, 2)
    timed = [(jax_process.run_for(run, request.get("seconds", 1.0)), name, run, seconds) for name, run, seconds in finals]
    times, name, run, seconds = min(timed, key=lambda t: np.median(t[0]))
    hessian, z_star = (np.asarray(v) for v in run())
    mean_loss = float(jax.jit(loss)(y.T, q, values[2]).mean())  # not timed: the step needs derivatives only
    return {"seconds": float(np.median(times)), "min": min(times), "runs": len(times), "compile": seconds, "tuning": tuning,
            "formulation": name + (f" ({left_out} not tried: compile limit)" if left_out else ""), "mean_loss": mean_loss,
            "hessian": hessian.ravel().tolist(), "z_star": z_star[:3].ravel().tolist()}


def example(loss, n, batch, seed=0):
    """Scores near an untrained network's: moderately spread for the loss's temperature, labels in random order."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(batch, n)) * (1.0 if loss == "neural_sort" else 0.1)
    ascending = np.eye(n)[rng.permuted(np.tile(np.arange(n), (batch, 1)), axis=1)]  # [position, item]
    q = ascending.swapaxes(1, 2) if loss.endswith("dsn") else ascending[:, ::-1]
    return {"loss": loss, "n": n, "batch": batch, "param": LOSSES[loss][1], "lambda": 0.1, "y": y.ravel().tolist(), "q": q.ravel().tolist()}


def table():
    print("| loss | n | batch | median ms | min ms | compile s | all candidates s | formulation |\n|---|---|---|---|---|---|---|---|")
    for loss in ARGS.losses.split(",") if ARGS.losses else LOSSES:
        for n in map(int, ARGS.n.split(",")):
            for batch in map(int, ARGS.batch.split(",")):
                a = answer(example(loss, n, batch) | {"seconds": ARGS.seconds, "textbook": ARGS.textbook})
                print(f"| {loss} | {n} | {batch} | {a['seconds'] * 1e3:.3f} | {a['min'] * 1e3:.3f} | {a['compile']:.1f} "
                      f"| {a['tuning']:.1f} | {a['formulation']} |", flush=True)


def check(directory):
    """The golden cases that do not saturate, in float64: value, gradient, Hessian by two formulations and by the textbook."""
    jax.config.update("jax_enable_x64", True)
    failed = compared = 0
    for loss, _, file in LOSSES.values():
        for case in json.loads((directory / f"{file}.json").read_text())["cases"]:
            if case["name"].startswith(("fig6_like", "wide", "spread")):
                continue
            want = {k: np.asarray(case["f64"][k]) for k in ("bce", "grad", "hessian")}
            y, q, param = np.asarray(case["input"])[:, None], np.asarray(case["Q"])[:, :, None], case["param"]
            pair = np.repeat(y, 2, 1), np.repeat(q, 2, 2)  # a batch of two equal samples; the Hessians are summed
            # NeuralSort beyond the BCE's own epsilon: 1 - p has lost its digits, and engines agree to 1e-3 (elsewhere to 1e-6).
            truth = np.where(np.asarray(case["Q"]) > 0.5, case["f64"]["P"], 1 - np.asarray(case["f64"]["P"])).min()
            tolerance = 1e-3 if loss is neural_sort and truth < EPS else 1e-6
            worst = {"bce": abs(float(loss(y, q, param)[0]) - want["bce"]) / 1e-8, "grad": 0.0, "hessian": 0.0}
            for tangents, chunk in [(len(y), 2), (1, 1)]:
                g, h = jax.jit(lambda y, q: chunked_curvature(loss, y, q, param, tangents, chunk))(*pair)
                for key, got in (("grad", g[:, 1]), ("hessian", h / 2)):
                    relative = np.abs(got - want[key]).max() / np.abs(want[key]).max()
                    worst[key] = max(worst[key], float(relative) / tolerance)
            compared += 1
            bad = not all(v <= 1 for v in worst.values())
            failed += bad
            errors = ", ".join(f"{k} {v:.1e}" for k, v in worst.items())
            print(f"{'FAILED' if bad else 'ok':6} {file:22} {case['name']:21} n={len(y):<3} param={param:<6} tolerance {tolerance:.0e}, error/tolerance: {errors}")
    print(f"{compared - failed} of {compared} cases agree")
    sys.exit(failed > 0 or compared == 0)


if __name__ == "__main__":
    if ARGS.check:
        check(ARGS.check)
    elif ARGS.prepare:
        prepare()
    else:
        table() if ARGS.table else jax_process.serve(answer)
