"""`python -m opssight.runtime up | reset | run -- COMMAND … | timescale -- COMMAND …`."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from opssight.runtime.demo import reset, up
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.throwaway import run
from opssight.runtime.timescale import timescale


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and do it; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.command == "up":
        return up(options.port)
    if options.command == "reset":
        return reset()
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise RuntimeProblem(
            f"`{options.command}` needs a command: "
            f"python -m opssight.runtime {options.command} -- COMMAND"
        )
    return timescale(argv) if options.command == "timescale" else run(argv)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m opssight.runtime", description="OpsSight with its own servers."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    starter = commands.add_parser("up", help="start the demo and keep it running until Ctrl-C")
    starter.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("PORT") or "8000",
        help="port of the web server on 127.0.0.1 (default: $PORT, or 8000)",
    )
    commands.add_parser("reset", help="delete the demo's data")
    runner = commands.add_parser(
        "run", help="run a command with a throw-away PostgreSQL and Valkey"
    )
    runner.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    scaler = commands.add_parser(
        "timescale", help="run a command on a TimescaleDB: TIMESCALE_URL, or one in WebAssembly"
    )
    scaler.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise RuntimeProblem(f"PORT is {text!r}, which is not a port: use a number up to 65535.")


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except RuntimeProblem as problem:
        print(f"opssight: {problem}", file=sys.stderr)
        code = 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("opssight: The disk is full. Free some space and start again.", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)
