# shellcheck shell=bash
# What the parts cost inside, without process or peer: the benchmarks in Benchmarks/NexusBenchmarks, against the thresholds in
# Benchmarks/Thresholds. A threshold is a 90th percentile on the machine that set it; what takes more than twice as long
# is worse. Another machine, or a change on purpose: `Scripts/bench micro update`.

micro() {
    local operation=${1:-check} parts=(--target NexusBenchmarks --path Benchmarks/Thresholds)
    local package=(package --scratch-path .build/benchmarks)
    export NEXUS_BUILD=benchmarks
    cd "$repository"
    case "$operation" in
    run) swift "${package[@]}" benchmark "${parts[@]}" "${@:2}" ;;
    update) swift "${package[@]}" --allow-writing-to-package-directory benchmark thresholds update "${parts[@]}" "${@:2}" ;;
    check)
        swift "${package[@]}" benchmark thresholds check "${parts[@]}" "${@:2}" ||
            fail "a part takes more than twice what its threshold says: the table above says which."
        ;;
    *) fail "micro takes run, check or update." ;;
    esac
}
