# Installs requirements.txt of the folder $1 into a virtual environment in the current folder.
#
# The environment names its interpreter in full, so that an upgrade of the machine's Python, after which the
# packages would not be found, leaves a broken link.
set -u
for python in python3 python3.20 python3.19 python3.18 python3.17 python3.16 python3.15 python3.14 \
    python3.13 python3.12 python3.11; do
    interpreter=$("$python" -c 'if True:
        import os, sys
        if sys.version_info >= (3, 11):
            print(os.path.realpath(sys.executable))' 2> /dev/null)
    [ -z "$interpreter" ] || break
done
if [ -z "$interpreter" ]; then
    echo "Python 3.11 or newer was not found" >&2
    exit 1
fi
unset PYTHONHOME PYTHONPATH PIP_USER
if ! "$interpreter" -m venv . >&2; then
    echo "Python needs venv (on Debian and Ubuntu the package python3-venv)" >&2
    exit 1
fi
if ! PIP_ROOT_USER_ACTION=ignore bin/python -m pip --disable-pip-version-check install --quiet \
    --progress-bar off --no-deps --require-hashes --requirement "$1/requirements.txt"; then
    echo "the Python package index, or the mirror in your pip settings, must be reachable once" >&2
    exit 1
fi
