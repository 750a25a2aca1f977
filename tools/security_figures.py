"""Takes every figure of docs/security.md anew, on a quiet machine: `python tools/security_figures.py`.

The proofs run one after the other, each in its long form (about an hour and a half, most of it a million malformed
requests and the fuzzers); one that fails is said at the end, and the page is written all the same.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "security"


def main() -> int:
    """Run them all; the exit status is 1 where one failed."""
    names = [json.loads(file.read_text())["name"] for file in sorted(RESULTS.glob("*.json"))]
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, str(ROOT / "tools" / f"soak_{name}.py")], check=False).returncode:
            failed.append(name)
    subprocess.run([sys.executable, str(ROOT / "tools" / "gen_security_doc.py")], check=True)
    print(f"failed: {', '.join(failed)}" if failed else "every promise held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
