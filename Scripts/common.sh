# shellcheck shell=bash
# Functions that the scripts share: progress messages, errors, and the installation of missing packages.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# --help prints the comment at the head of a script.
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

# Installs Debian packages that are missing; uses sudo if this user is not root.
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
            fail "these packages are missing, and installing them needs root: run apt-get install ${missing[*]}"
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

# Options of a release build. The standard library is linked in, at a fixed address, so that a command needs no relocations at
# its start, and without symbols in the dynamic table, which the Swift runtime searches at every start. Debug information is
# not generated, as it takes time and is stripped. The programs have no path of this machine, so that builds in two folders
# are equal.
release=(--package-path "$repository" --configuration release --static-swift-stdlib
    -Xswiftc -gnone -Xcc -g0
    -Xswiftc -file-prefix-map -Xswiftc "$repository=nexus" -Xcc "-ffile-prefix-map=$repository=nexus"
    -Xlinker -no-pie -Xlinker --no-export-dynamic)

# Builds the given products in release, each with its own dependencies alone; by default all products. Sets `programs` to
# their folder.
build_release() {
    say "Building in release (the first time this takes a few minutes)"
    local product
    if [ $# -eq 0 ]; then
        swift build "${release[@]}" || fail "the build failed: see the messages above."
    fi
    for product in "$@"; do
        swift build "${release[@]}" --product "$product" || fail "the build failed: see the messages above."
    done
    # shellcheck disable=SC2034 # for the scripts that read this file
    programs=$(swift build "${release[@]}" --show-bin-path)
}

# Compiles a C file of Scripts/packaging for the linker and prints the path of the object.
compile_for_linking() {
    local object=$repository/.build/$1.o
    clang -O1 -c "$repository/Scripts/packaging/$1.c" -o "$object" ||
        fail "cannot compile Scripts/packaging/$1.c: see the messages above."
    printf '%s' "$object"
}

# Links a program again from the objects of the release, as the package manager does but for the given options, and without the
# copy of zlib in swift-nio-extras. The empty table of ICU's data is first, so that no linker takes the member of the library
# that has the full one.
link_again() {
    local product=$1 target=$2 table
    shift 2
    table=$(compile_for_linking icu-data)
    grep -v '/CNIOExtrasZlib\.build/' "$programs/$product.product/Objects.LinkFileList" >"$target.objects"
    # The C library warns of functions that look up users, which are not called.
    swiftc -gnone -lstdc++ -o "$target" "$table" "@$target.objects" \
        -Xlinker --gc-sections -Xlinker --defsym -Xlinker "main=${product//-/_}_main" "$@" 2>"$target.log" ||
        fail "$product could not be linked: see $target.log."
}

# Packages for linking again: readelf, strip, and zlib instead of the copy.
require_linking() { require_packages binutils zlib1g-dev; }

# Links the whole program for installing and sets `whole_program` to it.
link_whole_program() {
    local zlib
    zlib=$(compile_for_linking zlib)
    whole_program=$repository/.build/nexus.installed
    link_again nexus "$whole_program" "$zlib" \
        -static-stdlib -llz4 -lm -lz -Xlinker -no-pie -Xlinker --no-export-dynamic
}

# Builds the lean recorder, linked statically so that it starts like a C program, and sets `recorder` to it. The objects are
# those of the release, linked in another way.
build_recorder() {
    say "Building the lean recorder"
    build_release nexus-record
    recorder=$repository/.build/nexus-record.installed
    link_again nexus-record "$recorder" -static-executable
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

# Installs packages of PyPI into a virtual environment in a folder of .build: require_python FOLDER VERSION PACKAGE…
require_python() {
    local folder=$repository/.build/$1 version=$2
    shift 2
    [ -e "$folder/$version.done" ] && return
    require_packages python3-venv
    say "Fetching $*"
    { python3 -m venv --clear "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" && : >"$folder/$version.done"; } ||
        fail "could not fetch $* from PyPI: is there a network?"
}

# The engine of a current ClickHouse. Its wheel has 180 MB, so only the full test fetches it.
require_chdb() { require_python chdb 26.9.0 chdb-core==26.9.0; }

# DuckDB, which reads snapshots, and its SQLite extension. The two must have the same version.
require_duckdb() { require_python duckdb 1.5.5 duckdb==1.5.5 duckdb-extension-sqlite-scanner==1.5.5; }

# axe-core, which checks pages for accessibility, from a package of PyPI that carries it. Sets `axe` to its script.
require_axe() {
    local folder=$repository/.build/axe version=0.1.8
    axe=$folder/$version/axe_playwright_python/axe.min.js
    [ -e "$axe" ] && return
    say "Fetching axe-core"
    rm -rf "$folder"
    mkdir -p "$folder/$version"
    { python3 -m venv "$folder/pip" &&
        "$folder/pip/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" \
            "axe-playwright-python==$version" &&
        unzip -q "$folder"/axe_playwright_python-*.whl 'axe_playwright_python/axe.min.js' -d "$folder/$version"; } ||
        fail "could not fetch axe-core from PyPI: is there a network?"
}

# Puts both programs under a prefix, after `build_release` and `build_recorder`. The lean one has both names:
# as `nexus` it runs single events and exec itself, and becomes the large program in libexec for all other commands.
install_programs() {
    { link_whole_program && install -D -m 755 -s "$whole_program" "$1/libexec/nexus/nexus" &&
        install -D -m 755 -s "$recorder" "$1/bin/nexus-record" &&
        write_commit "$1/libexec/nexus/nexus" && write_commit "$1/bin/nexus-record" &&
        ln -f "$1/bin/nexus-record" "$1/bin/nexus"; } ||
        fail "cannot write to $1."
}

# The commit of the sources, with a mark where they were changed since; empty outside of a repository.
commit_of_sources() {
    local commit
    commit=$(git -C "$repository" rev-parse --short=12 HEAD 2>/dev/null) || return 0
    git -C "$repository" diff --quiet HEAD -- 2>/dev/null || commit+=-changed
    printf '%s' "$commit"
}

# Writes the commit into its section of a program (Sources/CPlatform/commit.c).
write_commit() {
    local place offset commit
    commit=$(commit_of_sources)
    place=$(readelf -SW "$1" | sed -n 's/.* \.nexus_commit *PROGBITS *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
    [ -n "$place" ] && [ -n "$commit" ] || return 0
    offset=$((16#$place))
    printf '%s' "$commit" | dd of="$1" bs=1 seek="$offset" conv=notrunc status=none
}

# Installs programs, completions and man pages under a prefix; man pages only if the tool that writes them is there.
install_tree() {
    local nexus=$1/bin/nexus
    install_programs "$1"
    install_completion() {
        mkdir -p "$(dirname "$1/share/$3")"
        # A shell reads the file and does not run it: without the #! line.
        "$nexus" --generate-completion-script "$2" | sed '1{/^#!/d}' >"$1/share/$3"
    }
    install_completion "$1" bash bash-completion/completions/nexus
    install_completion "$1" zsh zsh/site-functions/_nexus
    install_completion "$1" fish fish/vendor_completions.d/nexus.fish
    mkdir -p "$1/share/man/man1"
    "$nexus" man-pages "$1/share/man/man1" || fail "cannot write the man pages to $1/share/man/man1."
}
