"""PyTorch's training step of the MNIST network, for the benchmark beside this file.

    python3 peer.py                 creates .venv-peer with the pinned torch, then serves
    protocol: prints "ready <version>", then for each line "<layout> <batch>" on stdin one line: seconds of a step

`layout` is nchw or channels_last. Each layout has a network of its own, warmed up on its first request.
"""

import os
import pathlib
import subprocess
import sys

PINNED = ["torch==2.15.0", "numpy==2.4.6"]
THREADS = 2
HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE / ".venv-peer"


def enter_venv():
    """Runs this script again inside the virtual environment, made on first use."""
    python = VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=sys.stderr)
        pip = [str(python), "-m", "pip", "install", "--quiet", *PINNED]
        subprocess.run(pip, check=True, stdout=sys.stderr)
    # glibc gives large buffers back to the system after every step, and the page faults of getting them again double
    # torch's time. It gets the setting in which it is fastest.
    tuned = {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "20000000000",
        "MALLOC_TOP_PAD_": "500000000",
        "PEER_INSIDE": "1",
    }
    if os.environ.get("PEER_DEFAULT_MALLOC") == "1":
        tuned = {"PEER_INSIDE": "1"}
    os.execve(str(python), [str(python), str(HERE / "peer.py")], {**os.environ, **tuned})


class Step:
    """A network, its optimizer and a batch, in one memory layout."""

    def __init__(self, torch, layout, batch):
        nn = torch.nn
        torch.manual_seed(0)
        self.net = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(12544, 64), nn.ReLU(), nn.Linear(64, 1),
        )  # fmt: skip
        self.images = torch.rand(batch, 1, 28, 112)
        self.target = torch.randn(batch, 1)
        if layout == "channels_last":
            self.net = self.net.to(memory_format=torch.channels_last)
            self.images = self.images.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-5)

    def run(self):
        self.optimizer.zero_grad()
        loss = (self.net(self.images) - self.target).square().mean()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def serve():
    import time

    import torch

    torch.set_num_threads(THREADS)
    print("ready", torch.__version__, flush=True)
    steps = {}
    for line in sys.stdin:
        layout, batch = line.split()
        if (layout, batch) not in steps:
            step = steps[layout, batch] = Step(torch, layout, int(batch))
            step.run(), step.run()
        begin = time.perf_counter()
        steps[layout, batch].run()
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    serve() if os.environ.get("PEER_INSIDE") == "1" else enter_venv()
