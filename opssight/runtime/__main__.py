"""`python -m opssight.runtime run -- COMMAND …`."""

import argparse
import sys
from collections.abc import Sequence

from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.throwaway import run


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and do it; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m opssight.runtime", description="The embedded servers of OpsSight."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser(
        "run", help="run a command with a throw-away PostgreSQL and Valkey"
    )
    runner.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND …")
    options = parser.parse_args(arguments)
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        parser.error("run needs a command: run -- COMMAND …")
    return run(argv)


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except RuntimeProblem as problem:
        print(f"opssight: {problem}", file=sys.stderr)
        code = 1
    raise SystemExit(code)
