"""Check every source of ours with the warnings that the build asks for, as errors; nothing is built.

python tests/lint/warnings_as_errors.py COMPILE_COMMANDS.json
"""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def check(entry: dict) -> subprocess.CompletedProcess:
    words = shlex.split(entry["command"])
    if "-o" in words:
        at = words.index("-o")
        del words[at : at + 2]
    return subprocess.run(
        [*words, "-fsyntax-only", "-Werror"], cwd=entry["directory"], capture_output=True, text=True, check=False
    )


def main(path: Path) -> int:
    entries = json.loads(path.read_text())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(check, entries))
    failed = [entry["file"] for entry, result in zip(entries, done, strict=True) if result.returncode]
    for result in done:
        sys.stderr.write(result.stderr)
    print(f"{len(entries)} sources, {len(failed)} with warnings {' '.join(failed)}".rstrip())
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
