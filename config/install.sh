#!/usr/bin/env bash
# Makes what a target of the Makefile needs, and does nothing in a moment when it is already there.
#   config/install.sh base     the virtual environment with what the product needs
#   config/install.sh dev      and with what tests and checks need
#   config/install.sh ml       and with what training and its tests need (torch for the CPU); without it those tests skip
#   config/install.sh backup   and Barman, which takes and restores backups
#   config/install.sh browser  Chromium for the browser tests, where it is missing and may be installed
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "cardvault: Python 3.11 is needed and was not found; install it, or name it with PYTHON=/path/to/python3.11."
    exit 1
}

make_environment() {
    if .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        return
    fi
    local python
    python=$(find_python)
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null; then
        rm -rf .venv
        say "cardvault: $python cannot make a virtual environment; on Debian: apt-get install python3.11-venv."
        exit 1
    fi
}

# The lock names every package, so nothing is resolved again (--no-deps).
# uv reads its own variables; what pip has been told holds for it too.
pass_on_pip_settings() {
    [[ -z ${PIP_INDEX_URL:-} ]] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}"
    [[ -z ${PIP_EXTRA_INDEX_URL:-} ]] || export UV_INDEX="${UV_INDEX:-$PIP_EXTRA_INDEX_URL}"
    [[ -z ${PIP_FIND_LINKS:-} ]] || export UV_FIND_LINKS="${UV_FIND_LINKS:-${PIP_FIND_LINKS// /,}}"
    [[ -z ${PIP_CERT:-} ]] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    [[ -z ${PIP_DEFAULT_TIMEOUT:-} ]] || export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-$PIP_DEFAULT_TIMEOUT}"
}

install_lock() {
    local lock="requirements/$1.txt" stamp=".venv/.installed-$1" wanted
    wanted=$(sha256sum <"$lock")
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        return
    fi
    say "Installing the packages of $lock ..."
    rm -f "$stamp"
    .venv/bin/python -m uv --version >/dev/null 2>&1 ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
    pass_on_pip_settings
    if ! .venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r "$lock"; then
        say "uv could not install them; trying pip ..."
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
    fi
    printf '%s\n' "$wanted" >"$stamp"
}

# torch for the CPU is built elsewhere and has no hash in a lock, so it comes by version. The packages for CUDA (3 GB) are
# never fetched here: requirements/ml.txt has them, with every hash. What cannot be had is said, and breaks nothing.
ml() {
    local stamp=.venv/.installed-ml torch onnx wanted
    torch=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' requirements/ml.txt)
    onnx=$(sed -n 's/^onnx==\([^ ]*\).*/\1/p' requirements/ml.txt)
    wanted="$torch $onnx"
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        return
    fi
    say "Installing what training needs (torch $torch for the CPU, onnx $onnx) ..."
    [[ $(uname) == Darwin ]] || torch+=+cpu
    local -a pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check "torch==$torch")
    # any onnx of today writes the files that we read; torch must be the very one
    if "${pip[@]}" "onnx==$onnx" 2>/dev/null || "${pip[@]}" onnx; then
        printf '%s\n' "$wanted" >"$stamp"
    else
        say "cardvault: torch $torch could not be had, so tests of training and of its backend will be skipped." \
            "Name a place that has it in PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL, or install requirements/ml.txt (CUDA, 3 GB)."
    fi
}

browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        ! command -v "$name" >/dev/null || return 0
    done
    local -a root=()
    if [[ $(id -u) != 0 ]]; then root=(sudo -n); fi
    if command -v apt-get >/dev/null && { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; }; then
        say "Installing Chromium for the browser tests ..."
        if "${root[@]}" apt-get update -qq >&2 &&
            DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends \
                chromium fonts-liberation >&2; then
            return 0
        fi
    fi
    say "cardvault: no Chromium is here, so the browser tests will be skipped." \
        "To run them, install it (Debian: apt-get install --no-install-recommends chromium fonts-liberation)."
}

case ${1:-} in
    base) make_environment && install_lock base ;;
    # The development lock holds everything that the base lock does.
    dev) make_environment && install_lock dev && sha256sum <requirements/base.txt >.venv/.installed-base ;;
    ml) make_environment && install_lock dev && ml ;;
    backup) make_environment && install_lock dev && install_lock backup ;;
    browser) browser ;;
    *) say "usage: config/install.sh base|dev|ml|backup|browser"; exit 2 ;;
esac
