#!/usr/bin/env python3
"""The AlgoVision peer of the Bellman-Ford bench: the relaxed shortest path in PyTorch, on the CPU.

    python peer.py [--venv DIR] [--threads T]         JSON lines on stdin -> JSON lines on stdout (the Rust bench drives this)

Request:  {"what": "gradient" | "hessian", "variant": "for" | "while", "squared", "beta", "rounds", "steps", "rows", "columns",
           "cost": [batch * rows * columns], "path": likewise, "seconds"}
Answer:   {"values": [batch], "gradients": [batch * m], "seconds" (median), "min", "runs"}; of "hessian" {"hessian": [m * m] of
          one run in float64, "seconds" of one in float32, "finite": whether that gave numbers}; or {"error"}.

The algorithm is built from the package's `Algorithm`, `For`, `While` and `Let`. The Hessian is what its gradient allows: one more backward pass
for each of the m entries of a prediction, for all samples at once.
"""
import argparse, importlib.metadata, json, statistics, sys, time
from pathlib import Path

PINNED = ["torch==2.15.0", "numpy==2.4.6", "algovision==0.1.2"]
HERE = Path(__file__).resolve().parent

sys.path.insert(0, str(HERE.parent / "shared"))
import environment

A = argparse.ArgumentParser(description="AlgoVision peer of the Bellman-Ford bench")
A.add_argument("--venv", type=Path, default=HERE / ".venv-peer", help="virtual environment, made if absent")
A.add_argument("--threads", type=int, default=2, help="cores to use")
ARGS = A.parse_args()
# With glibc's defaults large buffers go back to the system after every use, and getting them again costs more than filling them.
environment.enter(
    ARGS.venv, PINNED, MALLOC_MMAP_MAX_="0", MALLOC_TRIM_THRESHOLD_="20000000000", MALLOC_TOP_PAD_="500000000"
)

import torch
from algovision import Algorithm, For, Input, LEq, Let, Output, Var, While
from torch.nn.functional import pad, softmin, unfold

torch.set_num_threads(ARGS.threads)
FAR = 1e12
# Rows and columns of the eight neighbours, as a 3 x 3 window has them.
OFFSETS = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0)]


def shortest_path(variant, beta, rounds, steps):
    """Costs [batch, rows, columns] -> how likely each cell is on the path."""

    def update(d, cost):
        windows = unfold(d.unsqueeze(1), 3).unflatten(2, cost.shape[1:])
        near = torch.cat([windows[:, :4], windows[:, 5:]], 1)
        weights = softmin(beta * near, 1)
        return pad((weights * near).sum(1) + cost, (1, 1, 1, 1), value=FAR), weights

    def back(here, weights):
        moving = pad(here.unsqueeze(1) * weights, (1, 1, 1, 1))
        rows, columns = here.shape[1:]
        parts = [moving[:, k, 1 - r : 1 - r + rows, 1 - c : 1 - c + columns] for k, (r, c) in enumerate(OFFSETS)]
        return torch.stack(parts).sum(0)

    loop = (lambda *body: While(LEq(lambda on_path: on_path[:, 0, 0], 1.0), *body, max_iter=steps)) if variant == "while" else (lambda *body: For("step", steps, *body))
    return Algorithm(
        Input("cost"),
        Var("d", lambda cost: torch.full((cost.shape[1] + 2, cost.shape[2] + 2), FAR)),
        Var("weights", lambda cost: torch.zeros(8, *cost.shape[1:])),
        Var("here", lambda cost: torch.zeros(*cost.shape[1:])),
        Var("on_path", lambda cost: torch.zeros(*cost.shape[1:])),
        Let("d", [1, 1], 0.0),
        Let("here", [-1, -1], 1.0),
        For("round", rounds, Let(["d", "weights"], update), Let("d", [1, 1], 0.0)),
        loop(Let("on_path", lambda on_path, here: on_path + here - on_path * here), Let("here", back)),
        Output("on_path"),
        beta=beta,
    )


def problem(q):
    shape = (-1, q["rows"], q["columns"])
    cost = torch.tensor(q["cost"], dtype=torch.get_default_dtype()).reshape(shape).requires_grad_()
    path = torch.tensor(q["path"], dtype=torch.get_default_dtype()).reshape(shape)
    algorithm = shortest_path(q["variant"], q["beta"], q["rounds"], q["steps"])

    def values():
        error = algorithm(cost) - path
        return (error.square() if q["squared"] else error.abs()).mean((1, 2))

    return cost, values


def gradient(q):
    cost, values = problem(q)

    def run():
        found = values()
        return found, torch.autograd.grad(found.sum(), cost)[0]

    run()
    times, began = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - began < q["seconds"]:
        t = time.perf_counter()
        found, slope = run()
        times.append(time.perf_counter() - t)
    answer = {"values": found.tolist(), "gradients": slope.flatten().tolist()}
    return {**answer, "seconds": statistics.median(times), "min": min(times), "runs": len(times)}


def mean_hessian(q, dtype):
    torch.set_default_dtype(dtype)
    cost, values = problem(q)
    slope = torch.autograd.grad(values().sum(), cost, create_graph=True)[0].flatten(1)
    rows = [torch.autograd.grad(slope[:, k].sum(), cost, retain_graph=True)[0].flatten(1).mean(0) for k in range(slope.shape[1])]
    torch.set_default_dtype(torch.float32)
    return torch.stack(rows)


def hessian(q):
    t = time.perf_counter()
    found = mean_hessian(q, torch.float32)
    seconds = time.perf_counter() - t
    return {"hessian": mean_hessian(q, torch.float64).flatten().tolist(), "seconds": seconds, "finite": bool(found.isfinite().all())}


for line in filter(str.strip, sys.stdin):
    try:
        request = json.loads(line)
        if request["what"] == "versions":
            reply = {"versions": [f"{p} {importlib.metadata.version(p)}" for p in ("torch", "algovision")]}
        else:
            reply = (hessian if request["what"] == "hessian" else gradient)(request)
    except Exception as error:  # one bad request must not end the bench
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
