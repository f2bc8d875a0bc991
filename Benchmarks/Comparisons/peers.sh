# shellcheck shell=bash
# What Nexus is compared with. A peer that cannot be had is left out, and its rows say so.

peers=$repository/.build/peers

# The peers in C, from this repository.
require_compiled() {
    require_packages clang
    clang -O2 -o "$work/$1" "$repository/Benchmarks/Peers/$1.c" "${@:2}" || fail "the peer $1 does not compile."
}

# The peers from PyPI, in a virtual environment of their own.
require_python_peers() {
    local package
    [ -x "$peers/bin/pip" ] || python3 -m venv "$peers" >&2 || return 0
    for package in duckdb duckdb-cli sqlite-utils; do
        "$peers/bin/pip" show --quiet "$package" 2>/dev/null ||
            "$peers/bin/pip" install --quiet --disable-pip-version-check --timeout 15 --retries 1 "$package" >&2 || true
    done
}

# The program of DuckDB, without the script of Python that stands before it; fails where there is none.
duckdb_program() {
    command -v duckdb || ls "$peers"/lib/python3*/site-packages/duckdb_cli/duckdb 2>/dev/null
}

# Writes down which versions of them there are.
versions_of_peers() {
    local program
    if program=$(duckdb_program); then version DuckDB "$("$program" --version | cut -d ' ' -f 1)"; fi
    if has_python_peer sqlite_utils; then version sqlite-utils "$("$peers/bin/sqlite-utils" --version | sed 's/.* //')"; fi
    if command -v python3 >/dev/null; then version Python "$(python3 --version | cut -d ' ' -f 2)"; fi
}

has_python_peer() { "$peers/bin/python" -c "import $1" 2>/dev/null; }

# The table of events as Nexus makes it, for peers that bring none.
# shellcheck disable=SC2034 # for the files beside this one
events_table='CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    session_id TEXT NOT NULL, event_type TEXT NOT NULL, workspace_hash TEXT, task_hash TEXT, command TEXT,
    duration_ms INTEGER, success BOOLEAN, error_category TEXT, template_used TEXT, services_count INTEGER,
    ports_used INTEGER);'
