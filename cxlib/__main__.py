"""`python -m cxlib`: the command line, or one line with the remedy outside its environment."""

import sys
from importlib.util import find_spec

NEEDED = ("click", "pydantic", "ruamel", "pandas", "papermill")
REMEDY = (
    "cxlib: a este Python le faltan paquetes; ejecute python3 setup_env.py (o make) y use "
    "{python} -m cxlib / this Python lacks packages; run python3 setup_env.py (or make) and use "
    "{python} -m cxlib\n"
)


def main() -> int:
    """Run the command, if this Python has what it needs."""
    if any(find_spec(name) is None for name in NEEDED):
        python = ".venv\\Scripts\\python" if sys.platform == "win32" else ".venv/bin/python"
        sys.stderr.write(REMEDY.format(python=python))
        return 1
    from cxlib.cli import main as command

    command()
    return 0


if __name__ == "__main__":
    sys.exit(main())
