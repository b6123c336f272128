#!/usr/bin/env python3
"""What `pack` asks of cargo's answers.

    kit.py targets METADATA                              names of the test targets that test CUDA, one a line
    kit.py gather METADATA TESTS PROGRAMS FOLDER         copies their binaries, and says in FOLDER what `run` must know of them

METADATA is that of `cargo metadata`; TESTS and PROGRAMS are cargo's messages (--message-format=json) of two builds.
"""

import json
import os
import shutil
import sys
from pathlib import Path

FEATURE = 'feature = "cuda"'


def sources(target):
    """The target's own files: its folder, if it has one."""
    path = Path(target["src_path"])
    return sorted(path.parent.rglob("*.rs")) if path.name in ("main.rs", "lib.rs") else [path]


def tests_cuda(target):
    return any(FEATURE in source.read_text() for source in sources(target))


def targets(metadata):
    for package in metadata["packages"]:
        for target in package["targets"]:
            if target["kind"] == ["test"] and tests_cuda(target):
                yield package, target


def messages(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines() if line.startswith("{")]


def gather(metadata, tests, programs, folder):
    (folder / "bin").mkdir()
    manifests = {package["manifest_path"]: package["name"] for package in metadata["packages"]}
    listed, copied = [], []
    for message in messages(tests) + messages(programs):
        target, executable = message.get("target", {}), message.get("executable")
        if message["reason"] != "compiler-artifact" or not executable or message["manifest_path"] not in manifests:
            continue
        package, kind = manifests[message["manifest_path"]], target["kind"][0]
        if kind == "test" or message["profile"]["test"] and kind not in ("bench", "example"):
            name = f"{package}-{target['name'].replace('_', '-') + ('' if kind == 'test' else '-lib')}"
            whole = sources(target)[0].read_text() if kind == "test" and len(sources(target)) == 1 else ""
            # All tests of a file that is for CUDA alone; of others those that have it in their names.
            listed.append({"name": name, "cwd": str(Path(message["manifest_path"]).parent), "filter": [] if f"#![cfg({FEATURE})]" in whole else ["cuda"]})
        else:
            name = target["name"]
        shutil.copy(executable, folder / "bin" / name)
        copied.append(name)
    if not {"gpu", "sorting", "shortest_path"} <= set(copied) or not listed:
        sys.exit(f"kit.py: cargo built {copied} only")
    (folder / "tests.json").write_text(json.dumps(listed, indent=1))

    # Paths of this machine that binaries know: the repository, the folder for what tests write, CUDA's headers, and what dfdx includes.
    paths = {"repository": [str(Path(metadata["workspace_root"]))], "writable": [f"{metadata['target_directory']}/tmp"],
             "headers": [], "dfdx": []}
    for message in messages(tests) + messages(programs):
        if message["reason"] == "build-script-executed" and "dfdx" in message["package_id"]:
            paths["headers"] += [value for key, value in message["env"] if key == "CUDA_INCLUDE_DIR"]
            paths["dfdx"].append(message["out_dir"])
    if not paths["dfdx"] or set(paths["headers"]) != {f"{os.environ['CUDA_ROOT']}/include"}:
        sys.exit(f"kit.py: dfdx was built with {paths['headers']}, not for the CUDA in {os.environ['CUDA_ROOT']}")
    (folder / "dfdx").mkdir()
    for header in Path(paths["dfdx"][0]).glob("*.cuh"):
        shutil.copy(header, folder / "dfdx")
    (folder / "paths").write_text("".join(f"{kind} {path}\n" for kind in paths for path in dict.fromkeys(paths[kind])))


def main():
    command, *arguments = sys.argv[1:]
    metadata = json.loads(Path(arguments[0]).read_text())
    if command == "targets":
        print("\n".join(dict.fromkeys(target["name"] for _, target in targets(metadata))))
    else:
        gather(metadata, arguments[1], arguments[2], Path(arguments[3]))


if __name__ == "__main__":
    main()
