"""Plain algorithms relaxed by AlgoVision in float64: values, gradients and Hessians for the tests of `relax(..)`.

    pip install torch==2.15.0 algovision==0.1.2 numpy==2.4.6
    python tests/relaxed/expected.py [algorithm ...]      # rewrites tests/relaxed/expected/<algorithm>.json

Each algorithm is written as an AlgoVision program in `expected/<family>.py`, and as plain Rust in `<family>.rs`. Derivatives are
PyTorch's, for one sample at a time: AlgoVision decides for a whole batch whether a branch is run. `plain` is the program at a
temperature of zero, for the Rust function itself. Inputs are multiples of 2^-12, so that float32 sees the same numbers.
"""

import importlib
import json
import pathlib
import sys
import warnings
import zlib

import torch

# AlgoVision indexes with lists, and its constants take the default type.
warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "expected"), str(HERE.parent / "corpus" / "expected")]

import programs
from registry import Draw

COLD = 1e9


def evaluate(algorithm, y, labels, hypers):
    program = algorithm.program(**labels, **hypers)
    return program(y.unsqueeze(0)).squeeze(0)


def flat(x):
    assert x.dtype == torch.float64 and torch.isfinite(x).all(), x
    return x.reshape(-1).tolist()


def compute(algorithm):
    settings = []
    for hypers in algorithm.settings:
        draw = Draw(zlib.crc32(algorithm.name.encode()))
        samples = []
        for _ in range(algorithm.samples):
            labels = dict(algorithm.sample(draw))
            y = torch.tensor(labels.pop("y"))
            f = lambda y: evaluate(algorithm, y, labels, hypers)
            leaf = y.clone().requires_grad_()
            value = f(leaf)
            assert value.shape == (), value.shape
            (gradient,) = torch.autograd.grad(value, leaf)
            hessian = torch.autograd.functional.hessian(f, y)
            plain = evaluate(algorithm, y, labels, hypers | dict(beta=COLD, max_iter=1000))
            samples.append(
                dict(
                    y=flat(y),
                    labels={k: torch.as_tensor(v).tolist() for k, v in labels.items()},
                    plain=plain.item(),
                    value=value.item(),
                    gradient=flat(gradient),
                    hessian=flat(hessian),
                )
            )
        settings.append(dict(hypers=hypers, samples=samples))
    return dict(name=algorithm.name, dim=y.numel(), settings=settings)


def dump(data):
    """One line per field of a sample."""
    text = "{" + f'"name": {json.dumps(data["name"])}, "dim": {data["dim"]}, "settings": [\n'
    settings = []
    for setting in data["settings"]:
        samples = [
            "  {" + ",\n   ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in s.items()) + "}"
            for s in setting["samples"]
        ]
        settings.append(f' {{"hypers": {json.dumps(setting["hypers"])}, "samples": [\n' + ",\n".join(samples) + "]}")
    return text + ",\n".join(settings) + "]}\n"


def main(wanted):
    for path in sorted((HERE / "expected").glob("*.py")):
        importlib.import_module(path.stem)
    for name, algorithm in sorted(programs.ALGORITHMS.items()):
        if not wanted or name in wanted:
            (HERE / "expected" / f"{name}.json").write_text(dump(compute(algorithm)))
            print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
