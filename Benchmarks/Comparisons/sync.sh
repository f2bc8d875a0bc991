# shellcheck shell=bash
# Sending to ClickHouse on loopback, beside clickhouse-client with the same rows as JSON.

clickhouse=

bench_sync() {
    local events=${1:-1000000} runs=${2:-5} run client
    begin sync "Sync of $(amount "$events") events to ClickHouse" "$runs rounds of each in turn, on loopback"
    require_servers >&2
    export NEXUS_DATA_DIR=$work/sync
    nexus-fixtures --events "$events" | nexus record --stdin 2>/dev/null
    start_clickhouse 18123 19000
    version ClickHouse "$(ask 'SELECT version()')"
    # A first run makes the table, and its rows are what the other one reads.
    nexus sync --to clickhouse://127.0.0.1:18123/nexus >/dev/null
    ask 'SELECT * FROM nexus.nexus_events FORMAT JSONEachRow' --output_format_json_quote_64bit_integers 0 \
        >"$work/rows.json"
    for ((run = 0; run < runs; run++)); do
        ask 'TRUNCATE TABLE nexus.nexus_events'
        measure client sh -c "exec \"\$0\" --port 19000 --query 'INSERT INTO nexus.nexus_events FORMAT JSONEachRow' \
            <'$work/rows.json'" "$client"
        ask 'TRUNCATE TABLE nexus.nexus_events'
        measure sync nexus sync --again --to clickhouse://127.0.0.1:18123/nexus
        [ "$(ask 'SELECT count() FROM nexus.nexus_events FINAL')" -eq "$events" ] || fail "not all rows arrived."
    done
    unset NEXUS_DATA_DIR
    kill "$clickhouse"
    wait "$clickhouse" || true
    clickhouse=
    row "nexus sync" --of sync.wall --unit s
    row "clickhouse-client, JSONEachRow" --of client.wall --unit s
    row "speed of nexus sync / clickhouse-client" --of client.wall --over sync.wall --at-least 0.8
    row "nexus sync, peak memory" --of sync.memory --unit MiB --at-most 64
    finish
}

# ask QUERY [FLAG …]: of the ClickHouse that runs here.
ask() { "$client" --port 19000 --query "$@"; }

# Starts the ClickHouse that require_servers fetched, on loopback with a folder of its own.
start_clickhouse() {
    local folder=$work/clickhouse
    mkdir -p "$folder"
    cat >"$folder/config.xml" <<END
<yandex>
    <logger><level>error</level><log>$folder/log</log><errorlog>$folder/errors</errorlog></logger>
    <http_port>$1</http_port><tcp_port>$2</tcp_port><listen_host>127.0.0.1</listen_host>
    <path>$folder/data/</path><tmp_path>$folder/tmp/</tmp_path><mark_cache_size>5368709120</mark_cache_size>
    <users_config>$folder/users.xml</users_config>
    <default_profile>default</default_profile><default_database>default</default_database>
</yandex>
END
    cat >"$folder/users.xml" <<END
<yandex><profiles><default></default></profiles><users><default><password></password>
<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas></yandex>
END
    "$repository/.build/servers/usr/sbin/clickhouse-server" --config-file="$folder/config.xml" >"$folder/out" 2>&1 &
    clickhouse=$!
    client=$repository/.build/servers/usr/bin/clickhouse-client
    until ask 'SELECT 1' >/dev/null 2>&1; do
        kill -0 "$clickhouse" 2>/dev/null || fail "ClickHouse does not start: $(cat "$folder/errors")"
        sleep 0.1
    done
}
