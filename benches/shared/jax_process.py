"""What the JAX peers of the benches have in common: their virtual environment, their cores, timing, JSON lines.

Call `enter`, or `enter_gpu`, before the first import of jax.
"""

import argparse
import hashlib
import importlib.util
import json
import math
import os
import pickle
import sys
import time
from pathlib import Path

import environment

PINNED = ["jax==0.10.2", "jaxlib==0.10.2", "numpy==2.4.6"]


def parser(description):
    a = argparse.ArgumentParser(description=description)
    a.add_argument("--venv", type=Path, default=Path(__file__).resolve().parent / ".venv-jax", help="virtual environment, made if absent")
    a.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="cores to use (default: all)")
    return a


def enter(directory, threads):
    """Continues in the virtual environment, which gets the pinned JAX first if it lacks it, on that many cores."""
    environment.enter(directory, PINNED)
    # Before JAX starts: XLA sizes its thread pool by the affinity, and makes one extra host device per core for the sharded formulations.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={threads}".strip()
    os.environ.update(JAX_PLATFORMS="cpu", OMP_NUM_THREADS=str(threads))


def enter_gpu(directory, rehearse):
    """Continues on the GPU, with the JAX of this Python. To rehearse: on the CPU, with the pinned JAX if this Python has none."""
    if rehearse and importlib.util.find_spec("jax") is None:
        environment.enter(directory, PINNED)
    # Memory as it is needed: what is measured against JAX runs on the same card.
    os.environ.update(JAX_PLATFORMS="cpu" if rehearse else "cuda", XLA_PYTHON_CLIENT_PREALLOCATE="false")


def keep(directory):
    """Lets JAX keep what it compiles below `directory`; it still traces it each time."""
    import jax

    jax.config.update("jax_compilation_cache_dir", str(directory / "jax"))
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def compiled(step, inputs, key, directory):
    """The jitted step for such inputs; kept whole below `directory`, if there is one, by `key` and where and by what it was compiled."""
    import jax
    from jax.experimental import serialize_executable

    if directory is None:
        return step.lower(*inputs).compile()
    device = jax.devices()[0]
    text = f"{key} {jax.__version__} {device.platform} {device.device_kind}"
    path = directory / hashlib.sha256(text.encode()).hexdigest()
    try:
        return serialize_executable.deserialize_and_load(*pickle.loads(path.read_bytes()))
    except FileNotFoundError:
        pass
    except Exception as error:  # what cannot be used is made anew
        print(f"{key}: {type(error).__name__}: {error}", file=sys.stderr)
    made = step.lower(*inputs).compile()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(pickle.dumps(serialize_executable.serialize(made)))
        fresh.rename(path)
    except Exception as error:  # the next process compiles it again
        print(f"{key}: not kept: {type(error).__name__}: {error}", file=sys.stderr)
    return made


def run_for(run, seconds):
    """Times of single calls."""
    import jax

    times, began = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - began < seconds:
        t = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - t)
    return times


def fastest(tried, how_many):
    """The fastest of (name, run, ...): two short rounds, ranked by the fastest run (other work on the machine only ever adds time)."""
    best = {name: math.inf for name, *_ in tried}
    for _ in range(2 if len(tried) > 1 else 0):
        for name, run, *_ in tried:
            best[name] = min(best[name], *run_for(run, 0.05))
    return sorted(tried, key=lambda t: best[t[0]])[:how_many]


def serve(answer):
    """One answer per request until stdin ends."""
    for line in filter(str.strip, sys.stdin):
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # one bad request must not end the bench
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
