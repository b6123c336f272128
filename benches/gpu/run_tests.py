#!/usr/bin/env python3
"""Runs the kit's test binaries, many processes side by side: one crash, hang or damaged context costs the tests of one process, which are tried again alone.

    run_tests.py KIT --results FILE [--alone] [--quick] [--memcheck] [--limit SECONDS] [--jobs N]

Every result is a line of JSON in FILE: {"kind": "test" or "memcheck", "binary", "passed", "failed", "again", ..}; output of what failed is printed.
--alone: only tests that need the whole card, those with `memory` in their or their binaries' names, one by one; otherwise all others. --quick: of
binaries with many tests every third. --memcheck: a few tests of every binary under compute-sanitizer.
"""

import argparse
import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

WHOLE_CARD = "memory"
MANY = 60  # tests of a binary beyond which --quick leaves some out


def arguments():
    a = argparse.ArgumentParser()
    a.add_argument("kit", type=Path)
    a.add_argument("--results", type=Path, required=True)
    a.add_argument("--alone", action="store_true")
    a.add_argument("--quick", action="store_true")
    a.add_argument("--memcheck", action="store_true")
    a.add_argument("--limit", type=float, default=600)
    a.add_argument("--jobs", type=int, default=max(2, (os.cpu_count() or 2) * 3 // 4))
    return a.parse_args()


ARGS = arguments()
END = time.monotonic() + ARGS.limit
ENVIRONMENT = {**os.environ, "RAYON_NUM_THREADS": "2"}
printing = threading.Lock()
running = set()


def stop(*_):
    """Nothing goes on that was started here."""
    global END
    END = 0.0
    for pid in list(running):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def execute(command, cwd, seconds):
    """(exit status or None if it took too long, output). Ends whatever it started."""
    process = subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    running.add(process.pid)
    status = None
    try:
        output, _ = process.communicate(timeout=max(1.0, min(seconds, END - time.monotonic())))
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    finally:
        running.discard(process.pid)
    return status, output.decode(errors="replace")


class Binary:
    def __init__(self, name, cwd, filter):
        self.name, self.cwd = name, cwd
        self.path = str(ARGS.kit / "bin" / name)
        self.filter = filter
        self.passed, self.failed, self.again, self.unfinished = [], [], [], []
        self.problem = None

    def tests(self):
        status, output = execute([self.path, "--list", "--format", "terse", *self.filter], self.cwd, 60)
        if status != 0:
            self.problem = f"cannot list its tests: status {status}: {output[-500:]}"
            print(f"{self.name}: {self.problem}", flush=True)
            return []
        return [line.removesuffix(": test") for line in output.splitlines() if line.endswith(": test")]

    def run(self, names, seconds, before=()):
        """{test: passed} of those that came to an end, the one that did not, and the output."""
        status, output = execute([*before, self.path, "--exact", "--test-threads", "1", *names], self.cwd, seconds)
        if status == 0:
            return dict.fromkeys(names, True), [], output, status
        ended = {name: word != "FAILED" for name, word in re.findall(r"^test (\S+)(?: - should panic)? \.\.\. (?:.*\W)?(ok|FAILED|ignored)$", output, re.M)}
        begun = re.findall(r"^test (\S+)(?: - should panic)? \.\.\.", output, re.M)
        open_ = [name for name in begun if name not in ended]
        # It died, or was ended, without saying in which.
        if not open_ and status is None or not begun:
            open_ = [name for name in names if name not in ended][:1]
        return ended, open_, output, status


def whole_card(binary, name):
    return WHOLE_CARD in binary.name or WHOLE_CARD in name


def report(binary, name, output, status):
    with printing:
        how = "took too long" if status is None else f"status {status}"
        print(f"---- {binary.name}: {name} failed ({how})\n{output[-6000:]}\n----", flush=True)


def normal(binaries):
    jobs = queue.Queue()
    for binary in binaries:
        names = binary.tests()
        names = [name for name in names if whole_card(binary, name) == ARGS.alone]
        if ARGS.quick and len(names) > MANY:
            names = names[::3]
        # Short pieces, so that what is left at the end is little.
        size = 1 if ARGS.alone else max(1, min(8, len(names) // ARGS.jobs))
        for i in range(size and (len(names) + size - 1) // size):
            jobs.put((binary, names[i::(len(names) + size - 1) // size]))
        binary.all = len(names)
    suspects = []

    def work():
        while True:
            try:
                binary, names = jobs.get_nowait()
            except queue.Empty:
                return
            while names:
                if time.monotonic() > END - 1:
                    binary.unfinished += names
                    break
                ended, open_, output, status = binary.run(names, 40 + 15 * len(names))
                for name, passed in ended.items():
                    if passed:
                        binary.passed.append(name)
                    else:
                        suspects.append((binary, name, output, status))
                suspects.extend((binary, name, output, status) for name in open_)
                rest = [name for name in names if name not in ended and name not in open_]
                names = rest if len(rest) < len(names) else []

    threads = [threading.Thread(target=work) for _ in range(1 if ARGS.alone else ARGS.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What failed among others, alone.
    for k, (binary, name, output, status) in enumerate(suspects):
        if k < 60 and time.monotonic() < END - 3:
            ended, _, again, status_again = binary.run([name], 45)
            if ended.get(name):
                binary.passed.append(name)
                binary.again.append(name)
                report(binary, f"{name}, but not alone: it", output, status)
                continue
            output, status = again, status_again
        binary.failed.append(name)
        report(binary, name, output, status)


def memcheck(binaries):
    """Few tests of each binary; each is a process."""
    jobs = queue.Queue()
    chosen = []
    for binary in binaries:
        names = [name for name in binary.tests() if not whole_card(binary, name) and "do_not_compile" not in name]
        few = 4 if len(names) > MANY else 6
        chosen.append([(binary, name) for name in names[:: max(1, len(names) // few)][:few]])
    # In turns, so that each binary has had one when time runs out.
    for k in range(max(map(len, chosen), default=0)):
        for tests in chosen:
            if k < len(tests):
                jobs.put(tests[k])
    checker = ["compute-sanitizer", "--tool", "memcheck", "--error-exitcode", "77", "--print-limit", "5"]

    def work():
        while True:
            try:
                binary, name = jobs.get_nowait()
            except queue.Empty:
                return
            if time.monotonic() > END - 3:
                binary.unfinished.append(name)
                continue
            ended, open_, output, status = binary.run([name], 60, checker)
            clean = re.search(r"ERROR SUMMARY: 0 errors", output)
            if status == 0 and ended.get(name) and clean:
                binary.passed.append(name)
            elif status is None:
                binary.unfinished.append(name)
            else:
                binary.failed.append(name)
                report(binary, f"memcheck of {name}", output, status)

    threads = [threading.Thread(target=work) for _ in range(min(4, ARGS.jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    signal.signal(signal.SIGTERM, stop)
    binaries = [Binary(**entry) for entry in json.loads((ARGS.kit / "tests.json").read_text())]
    (memcheck if ARGS.memcheck else normal)(binaries)
    with ARGS.results.open("a") as file:
        for binary in binaries:
            counts = len(binary.passed) + len(binary.failed) + len(binary.unfinished)
            if not counts and not binary.problem:
                continue
            line = {"kind": "memcheck" if ARGS.memcheck else "test", "binary": binary.name, "passed": len(binary.passed), "failed": binary.failed,
                    "again": binary.again, "unfinished": len(binary.unfinished), "problem": binary.problem}
            print(line, flush=True)
            file.write(json.dumps(line) + "\n")
    bad = any(binary.failed or binary.problem or (binary.unfinished and not ARGS.memcheck) for binary in binaries)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
