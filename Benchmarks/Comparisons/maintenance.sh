# shellcheck shell=bash
# What the care of a database costs in proportion to its rows: doctor, rebuild, purge, and retention of a tenth.

bench_maintenance() {
    local events=${1:-10000000} runs=${2:-1} tenth
    tenth=$((events / 10))
    begin maintenance "Maintenance of $(amount "$events") events" "$runs rounds over $(amount "$events") and $(amount "$tenth") in turn"
    require_installed
    record_until_today "$tenth" "$work/tenth"
    record_until_today "$events" "$work/many"
    local run folder
    for ((run = 0; run < runs; run++)); do
        for folder in tenth many; do
            maintain "$folder" check sqlite3 -readonly "$work/$folder/nexus.db" 'PRAGMA integrity_check'
            maintain "$folder" doctor nexus doctor
            maintain "$folder" rebuild nexus doctor --rebuild --yes
            # What these two remove is there again for the next round.
            rm -rf "$work/kept"
            cp -a "$work/$folder" "$work/kept"
            maintain "$folder" purge nexus telemetry purge --before "$(date -u -d '-26 days' +%F)" --yes
            rm -rf "${work:?}/$folder"
            cp -a "$work/kept" "$work/$folder"
            maintain "$folder" retention nexus telemetry retain 26d --yes
            rm -rf "${work:?}/$folder"
            mv "$work/kept" "$work/$folder"
        done
    done
    maintenance_rows
    finish
}

# maintain FOLDER NAME COMMAND…
maintain() { NEXUS_DATA_DIR=$work/$1 measure "$1.$2" "${@:3}"; }

maintenance_rows() {
    local name
    for name in doctor rebuild purge retention; do
        row "$name, $(amount "$events")" --of "many.$name.wall" --unit s
        row "$name, $(amount "$events") / $(amount "$tenth")" --of "many.$name.wall" --over "tenth.$name.wall" --at-most 12
        row "$name, peak memory" --of "many.$name.memory" --unit MiB
    done
    row "doctor / PRAGMA integrity_check" --of many.doctor.wall --over many.check.wall --at-most 3
}
