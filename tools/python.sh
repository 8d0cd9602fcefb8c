#!/usr/bin/env bash
# The Python client's tests and the notebooks, against a server with the demo's cohort.
#
#   tools/python.sh test        the tests of clients/python
#   tools/python.sh notebooks   every notebook from top to bottom, outputs kept
#   tools/python.sh check       both, outputs not kept
#
# Makes a virtual environment in clients/python/.venv with the versions of clients/python/requirements.txt, draws and embeds the synthetic cohort in a
# temporary folder, serves it on a free port of this machine, and removes both at the end. With HISTOQL_URL, that server is asked instead.
# PYTHON names the interpreter (3.11 or later).
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/node_modules/.bin:$PATH
what=${1:-check}
shift || true
case $what in test | notebooks | check) ;; *) sed -n '2,12s/^# \{0,1\}//p' "$0" && exit 2 ;; esac

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed."; exit 2; }
venv=clients/python/.venv
wanted=$(cat clients/python/requirements.txt clients/python/pyproject.toml | sha256sum)
if [[ ! -f $venv/histoql || $(<$venv/histoql) != "$wanted" ]]; then
  "$python" -m venv --clear $venv
  $venv/bin/pip install -qq --disable-pip-version-check -r clients/python/requirements.txt
  $venv/bin/pip install -qq --disable-pip-version-check --no-deps --editable clients/python
  echo "$wanted" >$venv/histoql
fi

folder=$(mktemp -d)
server=
finish() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap finish EXIT

if [[ -z ${HISTOQL_URL:-} ]]; then
  env -u DATABASE_URL HISTOQL_DATA="$folder" HISTOQL_PORT=0 HISTOQL_LOG=error \
    node src/main.ts demo --patients 48 >"$folder/demo.log" 2>&1 &
  server=$!
  until grep -q '^Again later' "$folder/demo.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/demo.log" && exit 1; }
    sleep 0.5
  done
  HISTOQL_URL=$(sed -nE 's/^GraphQL endpoint and page: (\S+).*/\1/p' "$folder/demo.log")
  export HISTOQL_URL
fi

status=0
if [[ $what != notebooks ]]; then
  $venv/bin/python -m pytest -c clients/python/pyproject.toml clients/python/tests -q "$@" || status=1
fi
if [[ $what == notebooks ]]; then $venv/bin/python notebooks/run.py --write "$@" || status=1; fi
if [[ $what == check ]]; then $venv/bin/python notebooks/run.py || status=1; fi
exit $status
