# shellcheck shell=bash
# What the scripts share: saying what happens, failing with a sentence, and installing what the system lacks.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Asked for help, a script shows what stands at its head.
case "${1:-}" in
-h | --help)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

say() { printf '\n== %s\n' "$*"; }

fail() {
    printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

require_swift() {
    command -v swift >/dev/null ||
        fail "Swift is not installed: get 6.3 or newer from https://www.swift.org/install and put it on the PATH."
}

# Installs Debian packages that are missing; asks sudo where this user is not root.
require_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query --show --showformat '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null ||
        fail "these packages are missing and there is no apt-get to install them: ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "these packages are missing, and installing them takes root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null 2>&1 ||
        { "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null; } ||
        fail "could not install ${missing[*]}: is there a network, and are the package sources right?"
}

# The system libraries that Nexus is built on.
require_libraries() { require_packages libsqlite3-dev liblz4-dev; }

# How the programs are built to be used: the standard library linked in; at a fixed address, so that no pointers have to be
# moved when a command starts; and without their forty thousand symbols in the dynamic table, which the Swift runtime looks
# through at every start to find out where it lies, and which nobody else needs.
release=(--package-path "$repository" --configuration release --static-swift-stdlib
    -Xlinker -no-pie -Xlinker --no-export-dynamic)

# Builds in release, standard library linked in, and says where the programs are.
build_release() {
    say "Building in release (the first time this takes a few minutes)"
    swift build "${release[@]}" || fail "the build failed: the messages above say where."
    # shellcheck disable=SC2034 # for the scripts that read this file
    programs=$(swift build "${release[@]}" --show-bin-path)
}

# Builds the lean recorder, linked statically so that it starts like a C program, and says where it is. It has a build
# folder of its own: what is linked statically is compiled differently.
build_recorder() {
    say "Building the lean recorder"
    local flags=(--configuration release --product nexus-record --scratch-path "$repository/.build/static"
        -Xswiftc -static-executable)
    swift build --package-path "$repository" "${flags[@]}" || fail "the build failed: the messages above say where."
    # shellcheck disable=SC2034 # for the scripts that read this file
    recorder=$(swift build --package-path "$repository" "${flags[@]}" --show-bin-path)/nexus-record
}

# The servers that `nexus sync` is tested and measured against, from Debian. They are unpacked into the build folder, not
# installed: an installed one would be started and left running. Tests start their own.
require_servers() {
    local folder=$repository/.build/servers package
    require_packages clickhouse-common libpcre2-8-0 libreadline8
    mkdir -p "$folder/packages"
    for package in nginx clickhouse-server clickhouse-client; do
        [ -e "$folder/packages/$package.done" ] && continue
        say "Fetching $package"
        (cd "$folder/packages" && rm -f "${package}"_*.deb &&
            apt-get download -qq -o APT::Sandbox::User=root "$package" >/dev/null &&
            dpkg --extract "${package}"_*.deb "$folder" && : >"$package.done") ||
            fail "could not fetch $package: is there a network, and are the package sources right?"
    done
}

# DuckDB, which snapshots are read with, and its reader of SQLite, from PyPI in a virtual environment of their own. The
# two have to be of one version.
require_duckdb() {
    local folder=$repository/.build/duckdb version=1.5.5
    [ -e "$folder/$version.done" ] && return
    require_packages python3-venv
    say "Fetching DuckDB"
    { python3 -m venv --clear "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check \
            "duckdb==$version" "duckdb-extension-sqlite-scanner==$version" && : >"$folder/$version.done"; } ||
        fail "could not fetch DuckDB from PyPI: is there a network?"
}

# Puts both programs under a prefix, after `build_release` and `build_recorder`. The lean one is there under both names:
# as `nexus` it does by itself what has to start at once, and becomes the large program in libexec for the rest.
install_programs() {
    { install -D -m 755 -s "$programs/nexus" "$1/libexec/nexus/nexus" &&
        install -D -m 755 -s "$recorder" "$1/bin/nexus-record" && ln -f "$1/bin/nexus-record" "$1/bin/nexus"; } ||
        fail "cannot write to $1."
}
