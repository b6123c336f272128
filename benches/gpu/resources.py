#!/usr/bin/env python3
"""Registers, stack and local memory of the kernels that the bench compiled one loss at a time: by cuobjdump, from the folder of compiled kernels.

    resources.py FOLDER RESULTS         adds a line of JSON per loss to RESULTS; prints one per kernel

A stack of more than a few bytes means that arrays or registers went to memory.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def image(path):
    """The binary in a file of the cache: a magic word, two lengths, what it was compiled from, the binary."""
    data = path.read_bytes()
    if data[:8] != b"nlcubin1":
        return b""
    source, binary = (int.from_bytes(data[at : at + 8], "little") for at in (8, 16))
    return data[24 + source : 24 + source + binary]


def usage(binary):
    """{kernel: {REG: .., STACK: .., ..}}"""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(binary)
        file.flush()
        output = subprocess.run(["cuobjdump", "-res-usage", file.name], capture_output=True, text=True, timeout=20).stdout
    found = re.findall(r"Function (\S+):\s*\n\s*(.*)", output)
    return {name: {key: int(value) for key, value in re.findall(r"(\w+):(\d+)", line)} for name, line in found}


def main():
    folder, results = Path(sys.argv[1]), Path(sys.argv[2])
    if not shutil.which("cuobjdump"):
        print("no cuobjdump")
        return
    for loss in sorted(folder.glob("one by one/*")):
        kernels = {}
        for path in sorted(loss.glob("*.cubin")):
            kernels |= usage(image(path))
        shown = {name: kernels[name] for name in ("gradients", "hessians", "hessian_sums") if name in kernels}
        for name, numbers in kernels.items():
            print(loss.name, name, numbers)
        with results.open("a") as file:
            file.write(json.dumps({"kind": "resources", "loss": loss.name, "kernels": shown}) + "\n")


if __name__ == "__main__":
    main()
