#!/usr/bin/env python3
"""Compiles CUDA C++ with NVRTC for the architectures named; needs no GPU, no driver and no CUDA installation.

usage: nvrtc.py <folder of NVRTC> <architectures, as compute_80,sm_90> <file or folder>...

`sm_90` is compiled to machine code; `compute_80` to PTX, which all that can be wrong with a text shows as well, in half the time.

The folder is where NVRTC lies, or is put: the wheel below, from the Python package index. One line per file and architecture that does not
compile, with the compiler's log; exit status 1 if there is one. What was compiled before is not compiled again: that folder remembers it.
"""

import ctypes
import hashlib
import multiprocessing
import os
import subprocess
import sys
import zipfile
from pathlib import Path

WHEEL = "nvidia-cuda-nvrtc==13.5.37"


def fetch(folder):
    """The library, fetched if it is not there."""
    found = sorted(folder.glob("nvidia/cu13/lib/libnvrtc.so.*"))
    if not found:
        folder.mkdir(parents=True, exist_ok=True)
        download = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder), WHEEL]
        subprocess.run([sys.executable, *download], check=True)
        wheel = next(folder.glob("nvidia_cuda_nvrtc-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if "/lib/" in name])
        wheel.unlink()
        found = sorted(folder.glob("nvidia/cu13/lib/libnvrtc.so.*"))
    return found[0]


def compile_text(library, text, name, architecture):
    """The binary's size, 0 if there is none, and the log."""
    nvrtc = ctypes.CDLL(str(library))
    program = ctypes.c_void_p()
    text = text.encode()
    if nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, name.encode(), 0, None, None):
        return 0, "the program could not be made"
    options = [f"--gpu-architecture={architecture}", "--std=c++20", "--device-as-default-execution-space"]
    options = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
    failed = nvrtc.nvrtcCompileProgram(program, len(options), options)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    size = ctypes.c_size_t()
    if not failed:
        of = nvrtc.nvrtcGetPTXSize if architecture.startswith("compute_") else nvrtc.nvrtcGetCUBINSize
        of(program, ctypes.byref(size))
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return size.value, log.value.decode(errors="replace")


def job(arguments):
    library, folder, path, architecture = arguments
    text = Path(path).read_text()
    known = folder / "compiled" / hashlib.sha256(f"{WHEEL} {architecture}\n{text}".encode()).hexdigest()
    if known.exists():
        return path, architecture, 1, ""
    size, log = compile_text(library, text, os.path.basename(path), architecture)
    if size:
        known.touch()
    return path, architecture, size, log


def main():
    folder = Path(sys.argv[1]).resolve()
    library = fetch(folder)
    (folder / "compiled").mkdir(exist_ok=True)
    architectures = sys.argv[2].split(",")
    files = []
    for path in map(Path, sys.argv[3:]):
        files += sorted(path.glob("*.cu")) if path.is_dir() else [path]
    if not files:
        sys.exit("there is nothing to compile")
    # A negative control: what is wrong is seen.
    if compile_text(library, "__global__ void wrong() { return 1; }", "wrong.cu", architectures[0])[0]:
        sys.exit("NVRTC takes a program that is wrong")
    failures = 0
    with multiprocessing.Pool() as pool:
        jobs = [(library, folder, str(path), architecture) for path in files for architecture in architectures]
        for path, architecture, size, log in pool.imap_unordered(job, jobs):
            if size == 0:
                failures += 1
                print(f"{path} for {architecture}:\n{log[:4000]}", flush=True)
    print(f"NVRTC: {len(files)} files for {', '.join(architectures)}, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
