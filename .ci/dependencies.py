#!/usr/bin/env python3
"""Checks what the project says of its dependencies against what cargo says.

* No package in the lock file asks for a newer Rust than `rust-version` in Cargo.toml: not one of
  another platform, not one of the tests. Packages that declare no version are counted and passed over.
* README.md names that Rust version, and has a row for every direct dependency and for nothing else.
"""

import json
import re
import subprocess
import sys


def version(text):
    parts = [int(part) for part in text.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    (root,) = (packages[member] for member in metadata["workspace_members"])
    declared = root["rust_version"]
    problems = []

    silent = 0
    for package in packages.values():
        wanted = package["rust_version"]
        if wanted is None:
            silent += 1
        elif version(wanted) > version(declared):
            name = f"{package['name']} {package['version']}"
            problems.append(f"{name} needs Rust {wanted}, and Cargo.toml declares {declared}")

    with open("README.md", encoding="utf-8") as file:
        readme = file.read()
    if f"Rust {declared}" not in readme:
        problems.append(f"README.md does not name Rust {declared}")
    table = readme.split("<!-- ci:dependencies -->")
    rows = set(re.findall(r"^\| `([\w-]+)`", table[1], re.MULTILINE)) if len(table) == 3 else set()
    direct = {dependency["name"] for dependency in root["dependencies"]}
    problems += [f"README.md has no row for the dependency {name}" for name in sorted(direct - rows)]
    problems += [f"README.md has a row for {name}, which is no dependency" for name in sorted(rows - direct)]

    for problem in problems:
        print(problem, file=sys.stderr)
    print(
        f"{len(packages)} packages, {silent} of which declare no Rust version; none of the others asks for more "
        f"than {declared}; {len(direct)} direct dependencies, each with its reason"
        if not problems
        else f"{len(problems)} problems"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
