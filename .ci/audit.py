"""Ask for known vulnerabilities of the locked packages; fail unless every one was answered for.

The tool alone exits 0 when it could reach nobody: its answer is counted, not believed.
"""

import json
import subprocess
import sys
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"


def locked(text: str) -> dict[str, str]:
    """Return name and version of the entries that apply to this Python and platform."""
    lines = [line for line in text.splitlines() if line[:1].isalnum()]
    entries = [Requirement(line.rstrip(" \\")) for line in lines]
    return {
        entry.name: str(entry.specifier).removeprefix("==")
        for entry in entries
        if entry.marker is None or entry.marker.evaluate()
    }


def verdict(wanted: dict[str, str], answer: dict[str, list[dict]]) -> tuple[int, str]:
    """Return the exit code and one line: 0 only if all were audited and none is vulnerable."""
    audited = [entry for entry in answer["dependencies"] if "skip_reason" not in entry]
    vulnerable = [f"{entry['name']} {entry['version']}" for entry in audited if entry["vulns"]]
    if len(audited) != len(wanted):
        return 1, f"audited {len(audited)} of {len(wanted)} locked packages: nothing can be said"
    if vulnerable:
        return 1, f"{len(vulnerable)} with known vulnerabilities: {', '.join(vulnerable)}"
    return 0, f"{len(audited)} packages audited, none with a known vulnerability"


def main() -> int:
    """Run the tool on the lock file and judge its answer."""
    command = (sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off")
    command += ("--disable-pip", "--require-hashes", "--requirement", str(LOCK))
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer")
        return 1
    code, line = verdict(locked(LOCK.read_text("utf-8")), answer)
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
