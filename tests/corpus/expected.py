"""Values, gradients and Hessians of the corpus in `losses/`, by JAX in float64: an independent second opinion.

    pip install jax==0.10.2 numpy==2.4.6
    python tests/corpus/expected.py [loss ...]      # rewrites tests/corpus/expected/<loss>.json

Every loss is written once more in `expected/<family>.py`, as one writes it in JAX and not line by line after the Rust
source. All inputs and hyper-parameters are multiples of 2^-12, so that float32 sees the same numbers.
"""

import importlib
import json
import pathlib
import sys
import zlib

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np

HERE = pathlib.Path(__file__).parent / "expected"
sys.path.insert(0, str(HERE))

import registry


def plain(x):
    """As JSON, integers and bools as such."""
    return np.asarray(x).tolist()


def flat(x):
    x = np.asarray(x, dtype=np.float64).ravel()
    assert np.all(np.isfinite(x)), x
    return x.tolist()


def compute(case):
    draw = registry.Draw(zlib.crc32(case.name.encode()))
    fixed = {k: jnp.asarray(v) if isinstance(v, (list, np.ndarray)) else v for k, v in case.hypers.items()}
    samples = []
    for _ in range(case.samples):
        labels = dict(case.sample(draw))
        y = np.asarray(labels.pop("y"))
        f = jax.jit(lambda y: case.function(y, **labels, **fixed))
        value, gradient = jax.value_and_grad(f)(jnp.asarray(y))
        hessian = jax.hessian(f)(jnp.asarray(y))
        samples.append(
            dict(
                y=flat(y),
                labels={k: plain(v) for k, v in labels.items()},
                value=float(value),
                gradient=flat(gradient),
                hessian=flat(hessian),
            )
        )
    return dict(
        name=case.name,
        sizes=case.sizes,
        shape=list(y.shape),
        dim=int(y.size),
        hypers={k: plain(v) for k, v in case.hypers.items()},
        samples=samples,
    )


def dump(data):
    """One line per sample and field."""
    head = {k: v for k, v in data.items() if k != "samples"}
    lines = [f"  {json.dumps(k)}: {json.dumps(v)}," for k, v in head.items()]
    samples = [
        "    {" + ",\n     ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in s.items()) + "}" for s in data["samples"]
    ]
    return "{\n" + "\n".join(lines) + '\n  "samples": [\n' + ",\n".join(samples) + "\n  ]\n}\n"


def main(wanted):
    for path in sorted(HERE.glob("*.py")):
        importlib.import_module(path.stem)
    for name, case in sorted(registry.CASES.items()):
        if not wanted or name in wanted:
            (HERE / f"{name}.json").write_text(dump(compute(case)))
            print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
