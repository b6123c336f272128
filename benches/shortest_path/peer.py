#!/usr/bin/env python3
"""The peers of the shortest-path bench: the heap in Python that published baselines use, and SciPy's Dijkstra.

    python peer.py [--venv DIR] [--processes P]       JSON lines on stdin -> JSON lines on stdout (the Rust bench drives this)

Request:  {"what": "costs", "costs": [grids * rows * columns], "rows", "columns"}, once; {"what": "versions"};
          {"what": "arrays" | "lists" | "scipy", "chunk": grids per call of SciPy, "processes"}
Answer:   {"seconds", "paths": [grids * rows * columns] of 0 and 1}; or {"error"}.

The heap is the benchmark's solver (martius-lab, blackbox-backprop, `shortest_path.py`) as described, not its code: a heap of (cost, (row, column)),
a set of expanded cells, predecessors in a dictionary, distances in a NumPy array ("arrays") or, which Python indexes faster, in lists.
SciPy gets one sparse matrix for a chunk of grids side by side, made once; only its weights are filled in, and all sources are expanded in one call.
"""
import argparse, functools, heapq, importlib.metadata, json, multiprocessing, sys, time
from pathlib import Path

PINNED = ["numpy==2.4.6", "scipy==1.17.1"]
HERE = Path(__file__).resolve().parent

sys.path.insert(0, str(HERE.parent / "shared"))
import environment

A = argparse.ArgumentParser(description="Peers of the shortest-path bench")
A.add_argument("--venv", type=Path, default=HERE / ".venv-peer", help="virtual environment, made if absent")
ARGS = A.parse_args()
environment.enter(ARGS.venv, PINNED)

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

OFFSETS = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if (r, c) != (0, 0)]


def around(row, column, rows, columns):
    """The neighbours of a cell, row-major."""
    for down, across in OFFSETS:
        r, c = row + down, column + across
        if 0 <= r < rows and 0 <= c < columns:
            yield r, c


def by_heap(cost, distance):
    """The path through `cost`; `distance` is 1e10 everywhere. Both are indexed by row and then by column."""
    rows, columns = len(cost), len(cost[0])
    distance[0][0] = cost[0][0]
    heap, expanded, predecessor = [(cost[0][0], (0, 0))], set(), {}
    while heap:
        here, (row, column) = heapq.heappop(heap)
        if (row, column) in expanded:
            continue
        expanded.add((row, column))
        for r, c in around(row, column, rows, columns):
            if (r, c) not in expanded:
                offer = cost[r][c] + here
                if offer < distance[r][c]:
                    distance[r][c] = offer
                    predecessor[r, c] = (row, column)
                    heapq.heappush(heap, (offer, (r, c)))
    path = np.zeros((rows, columns), np.uint8)
    cell = (rows - 1, columns - 1)
    while cell != (0, 0):
        path[cell] = 1
        cell = predecessor[cell]
    path[0, 0] = 1
    return path


def arrays(costs, _):
    return np.stack([by_heap(cost, np.full_like(cost, 1e10)) for cost in costs])


def lists(costs, _):
    return np.stack([by_heap(cost.tolist(), [[1e10] * cost.shape[1] for _ in cost]) for cost in costs])


@functools.cache
def graph(grids, rows, columns):
    """Edges of grids side by side; the weight of an edge is the cost of the cell it leads to."""
    one = [[r * columns + c for r, c in around(i // columns, i % columns, rows, columns)] for i in range(rows * columns)]
    cells = np.arange(grids)[:, None] * rows * columns
    indices = (cells + np.concatenate(one)).ravel().astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.tile([len(near) for near in one], grids))]).astype(np.int32)
    size = grids * rows * columns
    return csr_matrix((np.ones(len(indices)), indices, starts), shape=(size, size))


def scipy(costs, chunk):
    grids, rows, columns = costs.shape
    cells = rows * columns
    paths = np.zeros(costs.size, np.uint8)
    for start in range(0, grids, chunk):
        part = costs[start : start + chunk]
        edges = graph(len(part), rows, columns)
        np.take(part.ravel(), edges.indices, out=edges.data)
        sources = np.arange(len(part)) * cells
        predecessor = dijkstra(edges, indices=sources, min_only=True, return_predecessors=True)[1]
        predecessor[sources] = sources
        # All paths a step at a time; sources stay where they are.
        at = sources + cells - 1
        while True:
            paths[start * cells + at] = 1
            if (at == sources).all():
                break
            at = predecessor[at]
    return paths.reshape(costs.shape)


SOLVERS = {"arrays": arrays, "lists": lists, "scipy": scipy}
COSTS = None


def piece(what, chunk, start, stop):
    return SOLVERS[what](COSTS[start:stop], chunk)


def solve(q):
    processes, n = q.get("processes", 1), len(COSTS)
    if processes == 1:
        piece(q["what"], q.get("chunk", 1), 0, min(n, 70))
        t = time.perf_counter()
        paths = piece(q["what"], q.get("chunk", 1), 0, n)
        return {"seconds": time.perf_counter() - t, "paths": paths.ravel().tolist()}
    # Forked now, the processes have the costs already; starting them is not counted.
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        ends = [n * i // (4 * processes) for i in range(4 * processes + 1)]
        pieces = [(q["what"], q.get("chunk", 1), *ends[i : i + 2]) for i in range(4 * processes)]
        pool.starmap(piece, [(q["what"], q.get("chunk", 1), 0, 8)] * 4 * processes)
        t = time.perf_counter()
        paths = np.concatenate(pool.starmap(piece, pieces, chunksize=1))
        return {"seconds": time.perf_counter() - t, "paths": paths.ravel().tolist()}


for line in filter(str.strip, sys.stdin):
    try:
        request = json.loads(line)
        if request["what"] == "versions":
            packages = [f"{p} {importlib.metadata.version(p)}" for p in ("numpy", "scipy")]
            reply = {"versions": [f"Python {sys.version.split()[0]}", *packages]}
        elif request["what"] == "costs":
            COSTS = np.array(request["costs"]).reshape(-1, request["rows"], request["columns"])
            reply = {}
        else:
            reply = solve(request)
    except Exception as error:  # one bad request must not end the bench
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
