#!/usr/bin/env python3
"""The table of a run: report.py RESULTS, a file with a line of JSON per result, as `run` and the bench write it."""

import json
import math
import sys
from pathlib import Path

# What issue and README promise.
CURVATURE, NODE_PERCENT, MINUTES, BELLMAN_FORD_MS = 5.0, 1.0, 15.0, 10.0


def table(head, rows):
    if rows:
        print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
        for row in rows:
            print("| " + " | ".join(str(cell) for cell in row) + " |")
        print()


def ms(seconds):
    return "-" if seconds is None else f"{seconds * 1e3:.3g}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def met(yes):
    return "yes" if yes else "**no**"


def tests(results):
    for kind, title in ("test", "Tests"), ("memcheck", "Under memcheck"):
        rows, lines = [], [r for r in results if r["kind"] == kind and "binary" in r]
        for name in dict.fromkeys(r["binary"] for r in lines):
            of = [r for r in lines if r["binary"] == name]
            failed = [test for r in of for test in r["failed"]]
            problem = next((r["problem"] for r in of if r["problem"]), "")
            again = sum(len(r["again"]) for r in of)
            rows.append([name, sum(r["passed"] for r in of), f"**{len(failed)}**" if failed else 0, again or "", sum(r["unfinished"] for r in of) or "",
                         (", ".join(failed[:8]) + (" ..." if len(failed) > 8 else "") or problem).replace("|", "/")[:400]])
        if rows:
            passed, bad = sum(row[1] for row in rows), sum(len(r["failed"]) + bool(r["problem"]) for r in lines)
            print(f"**{title}: {passed} passed, {bad} failed**\n")
            table(["binary", "passed", "failed", "passed alone only", "not run", "which"], rows)


def curvature(results):
    lines = [r for r in results if r["kind"] == "curvature"]
    rows, ratios = [], []
    for r in lines:
        jax = r.get("jax")
        if jax is not None:
            # The better of both formulations counts, and `jax` is that.
            ratios.append(jax / r["ours"])
        ratio = "-" if jax is None else f"{jax / r['ours']:.1f}" + ("" if jax / r["ours"] >= CURVATURE else " (!)")
        textbook = r.get("jax_textbook")
        host = r.get("jax_host")
        rows.append([r["loss"], r["n"], r["batch"], ms(r["ours"]), ms(jax), ratio, "-" if textbook is None else f"{textbook / r['ours']:.1f}",
                     ms(r["ours_enqueued"]), ms(r["ours_host"]), "-" if host is None else f"{host / r['ours_host']:.1f}", r.get("formulation", "-"),
                     "-" if "deviation" not in r else f"{r['deviation']:.0e}"])
    if rows:
        print("**Mean Hessian + z\\***, ms; labels on the device, one recorded launch; then kernel by kernel, and with labels from the host\n")
        table(["loss", "n", "batch", "ours", "JAX", "ratio", "to textbook", "by kernels", "host", "ratio", "JAX formulation", "deviation"], rows)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        good = sum(r >= CURVATURE for r in ratios)
        return [f"mean Hessian + z*: {good} of {len(ratios)} cases at least {CURVATURE:g} times JAX; geometric mean {mean:.1f}, least {min(ratios):.1f}", met(good == len(ratios))]


def step(results):
    lines = [r for r in results if r["kind"] == "step"]
    rows, added, minutes = [], [], []
    for r in lines:
        percent = [100 * (r[name] / r["gradient"] - 1) for name in ("hessian", "fisher")]
        added.append(percent)
        minutes.append(r["hessian_with_upload"] * 1e5 / 60)
        rows.append(["recorded" if r["recorded"] else "by kernels", r["sets"], ms(r["gradient"]), ms(r["hessian"]), ms(r["fisher"]), *(f"{p:+.2f} %" for p in percent),
                     ms(r["hessian_with_upload"]), f"{minutes[-1]:.1f}"])
    if rows:
        print("**Training step of the paper's network**, n = 5, ms\n")
        table(["node", "sets", "gradient", "Hessian", "Fisher", "added", "added", "Hessian, images from the host", "100 000 steps, min"], rows)
        best = min(added, key=max)
        yield [f"a Newton node adds {best[0]:+.2f} % (Hessian), {best[1]:+.2f} % (Fisher) to the step; at most {NODE_PERCENT:g} %", met(max(best) <= NODE_PERCENT)]
        yield [f"100 000 steps: {min(minutes):.1f} min projected; under {MINUTES:g}", met(min(minutes) < MINUTES)]


def others(results):
    for r in results:
        if r["kind"] == "bellman_ford":
            print(f"**Relaxed Bellman-Ford**, {r['cells']} cells, batch {r['batch']}: gradient {ms(r['gradient'])} ms, Fisher step {ms(r['fisher'])} ms, "
                  f"mean Hessian and step {ms(r['hessian'])} ms, {r['deviation']:.0e} from the CPU's in f64\n")
            yield [f"Bellman-Ford with Hessian, m = {r['cells']}, batch {r['batch']}: {r['hessian'] * 1e3:.2f} ms; under {BELLMAN_FORD_MS:g}", met(r["hessian"] * 1e3 < BELLMAN_FORD_MS)]
    rows = [[r["method"], r["maps"], r["samples"], ms(r["seconds"]), f"{r['seconds'] * 1e6 / r['maps'] / r['samples']:.3f}", ms(r["host"])] for r in results if r["kind"] == "paths"]
    if rows:
        print("**Shortest paths under noise**: noise, paths, estimates and step\n")
        table(["method", "maps", "samples", "ms", "us a path", "on the host, ms"], rows)
    used = {r["loss"]: r["kernels"] for r in results if r["kind"] == "resources"}
    rows = []
    for r in results:
        if r["kind"] == "compile":
            kernels = used.get(r["loss"], {})
            show = lambda name: f"{k['REG']} / {k['STACK']}" if (k := kernels.get(name)) and "STACK" in k else "-"
            rows.append([r["loss"], f"{r['cold']:.2f}", f"{r['warm']:.3f}", show("gradients"), show("hessian_sums")])
    if rows:
        print("**First use of a loss**: seconds; registers / bytes of stack of its kernels\n")
        table(["loss", "compiled", "from disk", "gradients", "hessian_sums"], rows)
    for r in results:
        if r["kind"] == "example":
            result = r["result"]
            shown = json.dumps(result)[:600] if result else "no result"
            print(f"**{r['name']}** `{r['arguments']}`: {r['wall']:.0f} s in all; {shown}\n")


def main():
    results = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines() if line.startswith("{")]
    machine = next((r for r in results if r["kind"] == "machine"), None)
    if machine:
        print(f"{machine['card']}; {machine['processor']}; CUDA {machine['nvcc']}, jax {machine['jax']}; commit {machine['commit']}\n")
    tests(results)
    verdicts = [curvature(results), *step(results), *others(results)]
    parts = [r for r in results if r["kind"] == "part"]
    how = {0: "ok", 124: "**took too long**", 137: "**took too long**"}
    table(["part", "how it ended", "seconds"], [[r["part"], how.get(r["status"], f"**status {r['status']}**"), r["seconds"]] for r in parts])
    failures = [r for r in results if r["kind"] == "failure"]
    table(["not measured", "why"], [[r["what"], r["why"].replace("|", "/").replace("\n", " ")[:300]] for r in failures])
    table(["promised", "met"], [v for v in verdicts if v])


if __name__ == "__main__":
    main()
