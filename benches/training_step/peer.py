"""PyTorch's training step of the benchmarks' networks, for the benchmark beside this file.

    python3 peer.py                 creates .venv-peer with the pinned torch, then serves
    protocol: prints "ready <version>", then for each line "<network> <layout> <batch>" on stdin one line: seconds
              of a step

`network` is mnist or resnet, `layout` is nchw or channels_last. Each pair has a network of its own, warmed up on its first request.
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


def mnist(nn):
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(12544, 64), nn.ReLU(), nn.Linear(64, 1),
    )  # fmt: skip


def resnet(nn):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
            self.second = nn.Sequential(nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64))
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.second(self.first(x)) + x)

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(1)

    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, Block(), Block(), nn.AdaptiveMaxPool2d((12, 12)), Mean())


class Step:
    """A network, its optimizer and a batch, in one memory layout."""

    def __init__(self, torch, network, layout, batch):
        torch.manual_seed(0)
        if network == "mnist":
            self.net, self.images = mnist(torch.nn), torch.rand(batch, 1, 28, 112)
            self.target = torch.randn(batch, 1)
        else:
            self.net, self.images = resnet(torch.nn), torch.randn(batch, 3, 96, 96)
            self.target = torch.randn(batch, 12, 12)
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
        network, layout, batch = key = tuple(line.split())
        if key not in steps:
            step = steps[key] = Step(torch, network, layout, int(batch))
            step.run(), step.run()
        begin = time.perf_counter()
        steps[key].run()
        print(time.perf_counter() - begin, flush=True)


if __name__ == "__main__":
    serve() if os.environ.get("PEER_INSIDE") == "1" else enter_venv()
