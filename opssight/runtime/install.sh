#!/bin/sh
# Make .venv and install requirements.lock into it: `sh opssight/runtime/install.sh`.
# Uses uv where it is installed, else plain pip. PYTHON names the Python to use.
set -eu
cd "$(dirname "$0")/../.."

fail() {
    printf 'opssight: %s\n' "$*" >&2
    exit 1
}

have_uv() { command -v uv >/dev/null 2>&1; }

usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

complete() {
    usable .venv/bin/python || return 1
    have_uv || .venv/bin/python -m pip --version >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" || fail "PYTHON=$PYTHON is not a Python from 3.11 to 3.13."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "OpsSight needs Python 3.11, 3.12 or 3.13 and found none. Install one (Debian, Ubuntu:" \
        "apt install python3 python3-venv), or name one: make install PYTHON=/path/to/python3.12"
}

if ! complete; then
    python=$(find_python)
    if have_uv; then
        uv venv --quiet --clear --python "$python" .venv
    else
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python cannot make virtual environments. Install its venv module (Debian," \
                "Ubuntu: apt install python3-venv) or uv, and run make again."
        "$python" -m venv --clear .venv || fail "The folder .venv could not be made (see above)."
    fi
fi

echo "Installing the Python packages (the first time takes about a minute) …"
if have_uv; then
    set -- uv pip install --quiet --python .venv/bin/python
else
    # twice quiet: no notes about how a package is built
    set -- .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check
    # root in a container is no mistake
    export PIP_ROOT_USER_ACTION=ignore
fi
"$@" --require-hashes -r requirements.lock ||
    fail "The packages could not be installed (the reason is above). Check the network and the" \
        "free space of the disk, and run make again: it goes on where it stopped."
touch .venv/.installed
