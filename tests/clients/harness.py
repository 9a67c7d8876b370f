"""What the client scripts have in common: a simulator to call, its time, and counted checks."""

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager

# How long a task takes, in seconds. Time is made to jump, so it costs nothing, and `init` and
# `toDelete` are seen however slow the machine is.
TASK = 3600
# Jumps of time that anything may take to come about.
JUMPS = 50


class Checks:
    """Counts what holds and what does not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, what, holds, seen=""):
        if holds:
            self.passed += 1
            print(f"ok      {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED  {what}: {seen!r}", flush=True)

    def same(self, what, seen, expected):
        self.that(what, seen == expected, seen)


class Simulator:
    """A simulator that runs: the variables it prints, and its own routes, which no client has."""

    def __init__(self, variables):
        self.variables = variables

    def advance(self):
        """Lets time jump to what happens next."""
        origin = self.variables["OVH_ENDPOINT"].removesuffix("/1.0")
        request = urllib.request.Request(f"{origin}/simulator/advance", data=b"{}", method="POST")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def until(self, what, look):
        """Looks until there is something to see, and returns it. Time jumps between two looks."""
        for _ in range(JUMPS):
            seen = look()
            if seen:
                return seen
            self.advance()
        sys.exit(f"looked {JUMPS} times for {what}")


@contextmanager
def simulator(binary, *options):
    """A simulator on a free port. What it says on stderr is shown when it does not start."""
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(
            [binary, "simulate", "--listen", "127.0.0.1:0", "--task-seconds", str(TASK), *options],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            variables = {}
            for line in process.stdout:
                name, value = re.fullmatch(r"export (OVH_\w+)=(\S+)\n", line).groups()
                variables[name] = value
                if len(variables) == 4:
                    break
            else:
                stderr.seek(0)
                sys.exit(f"the simulator did not start: {stderr.read()}")
            yield Simulator(variables)
        finally:
            process.terminate()
            process.wait(timeout=10)
