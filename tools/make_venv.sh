#!/bin/sh
# Make or update the virtual environment $1 from pyproject.toml and constraints.txt.
set -eu
venv=$1

fits() { # Python 3.11 or newer that can install packages
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && "$1" -m pip --version >/dev/null 2>&1
}

if [ ! -x "$venv/bin/python" ]; then
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if fits "$python"; then
            found=$python
            break
        fi
    done
    if [ -z "${found:-}" ]; then
        echo "Stator needs Python 3.11 or newer with pip; looked at: ${PYTHON:-python3, python3.11 to python3.14, python}." >&2
        echo "Install one (Debian: apt install python3 python3-pip) or name it: make install PYTHON=/path/to/python3" >&2
        exit 1
    fi
    # Debian ships ensurepip apart from Python, so the environment is made without and filled from outside.
    "$found" -m venv --without-pip "$venv"
    "$found" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check pip
fi

echo "installing into $venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
