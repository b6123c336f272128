"""The virtual environment of a peer. Call `enter` before the first import of what it pins."""

import os
import subprocess
import sys
import venv
from pathlib import Path


def enter(directory, pinned, **variables):
    """Continues in the virtual environment, which gets the pinned packages first if it lacks them, with these environment variables."""
    python = directory.absolute() / "bin" / "python"
    if Path(sys.prefix).resolve() != directory.resolve():
        names = [p.split("==")[0] for p in pinned]
        probe = f"import sys, importlib.metadata as m; sys.exit([f'{{p}}=={{m.version(p)}}' for p in {names}] != sys.argv[1:])"
        if not python.exists():
            venv.create(directory, with_pip=True)
        if subprocess.run([python, "-c", probe, *pinned], stderr=subprocess.DEVNULL).returncode:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *pinned], check=True, stdout=sys.stderr)
        os.execve(python, [str(python), *sys.argv], {**os.environ, **variables})
