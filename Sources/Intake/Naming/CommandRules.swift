/// The lists that determine the names and the outcomes of commands. The lists exist only in this type. Hooks send whole
/// lines, and all code that parses a line uses these lists.
///
/// Each list that recorders use is an array of plain texts, which the compiler stores in the executable. A set would be
/// built when the program runs, and a recorder of a single event needs only one look-up.
package enum CommandRules {
    /// A program that runs another command. The event has the name of that other command.
    struct Wrapper: Sendable {
        let name: String
        /// The word that must be between the wrapper and the command, such as `exec` in `bundle exec`; empty if no word
        /// is needed.
        var subcommand = ""
        /// The options that take the next word as their value, with blanks around each option.
        var valued = " "
        /// The options without a value. If the wrapper has an option from neither list, the event has the name of
        /// the wrapper. In that case the words of the wrapper and of the command cannot be distinguished.
        var flags = " "
        /// The number of words before the command that are not options, such as 1 for the limit after `timeout`.
        var operands = 0
    }

    static let wrappers: [Wrapper] = [
        Wrapper(
            name: "sudo",
            valued: " -u -g -h -p -C -D -R -r -t -T -U --user --group --host --prompt --chdir --chroot --role --type ",
            flags:
                " -A -b -B -E -H -n -N -P -S --askpass --background --preserve-env --set-home --non-interactive --stdin "
        ),
        Wrapper(name: "doas", valued: " -u -C -a ", flags: " -n "),
        Wrapper(name: "env", valued: " -u -C --unset --chdir ", flags: " -i - -0 --ignore-environment --null "),
        Wrapper(name: "command", flags: " -p "),
        Wrapper(name: "builtin"),
        Wrapper(name: "exec", valued: " -a ", flags: " -c -l -cl "),
        Wrapper(name: "time", valued: " -f -o --format --output ", flags: " -p -v -a -q --portability --verbose "),
        Wrapper(name: "nice", valued: " -n --adjustment ", flags: " -NUMBER "),
        Wrapper(name: "ionice", valued: " -c -n --class --classdata ", flags: " -t --ignore "),
        Wrapper(name: "nohup"),
        Wrapper(name: "setsid", flags: " -c -f -w --ctty --fork --wait "),
        Wrapper(name: "stdbuf", valued: " -i -o -e --input --output --error "),
        Wrapper(
            name: "timeout", valued: " -k -s --kill-after --signal ",
            flags: " -v --foreground --preserve-status --verbose ", operands: 1),
        Wrapper(name: "gtimeout", valued: " -k -s ", flags: " -v --foreground --preserve-status ", operands: 1),
        Wrapper(name: "taskset", flags: " -a --all-tasks ", operands: 1),
        Wrapper(name: "chrt", flags: " -b -f -i -o -r ", operands: 1),
        Wrapper(
            name: "flock", valued: " -w -E --timeout --conflict-exit-code ", flags: " -s -x -e -n -u -o -F ",
            operands: 1),
        Wrapper(name: "caffeinate", valued: " -t -w ", flags: " -d -i -m -s -u -di -dis -is "),
        Wrapper(name: "noglob"), Wrapper(name: "nocorrect"), Wrapper(name: "-"),
        Wrapper(
            name: "npx", valued: " -p --package -w --workspace ",
            flags: " -y --yes --no -q --quiet --no-install --prefer-offline "),
        Wrapper(name: "bunx", flags: " --bun "), Wrapper(name: "uvx", valued: " --from --with --python -p "),
        Wrapper(name: "bundle", subcommand: "exec"), Wrapper(name: "poetry", subcommand: "run"),
        Wrapper(
            name: "uv", subcommand: "run",
            valued: " --with --extra --group --python -p --project --directory --env-file ",
            flags: " --frozen --locked --no-sync --isolated --all-extras --no-dev -q "),
        Wrapper(name: "pipenv", subcommand: "run"), Wrapper(name: "pdm", subcommand: "run"),
        Wrapper(name: "rye", subcommand: "run"), Wrapper(name: "hatch", subcommand: "run"),
        Wrapper(name: "pipx", subcommand: "run", valued: " --spec "), Wrapper(name: "pixi", subcommand: "run"),
        Wrapper(name: "pnpm", subcommand: "exec"), Wrapper(name: "pnpm", subcommand: "dlx"),
        Wrapper(name: "yarn", subcommand: "exec"), Wrapper(name: "yarn", subcommand: "dlx"),
        Wrapper(name: "npm", subcommand: "exec", flags: " -- -y --yes "), Wrapper(name: "bun", subcommand: "x"),
        Wrapper(
            name: "conda", subcommand: "run", valued: " -n -p --name --prefix ",
            flags: " --no-capture-output --live-stream "),
        Wrapper(name: "mise", subcommand: "exec", flags: " -- "),
        Wrapper(name: "direnv", subcommand: "exec", operands: 1),
        Wrapper(name: "dotenv", subcommand: "run"), Wrapper(name: "op", subcommand: "run", flags: " -- "),
        Wrapper(name: "nexus", subcommand: "exec", valued: " --workspace --task ", flags: " -- "),
    ]

    /// A program for which the event keeps words after the name, such as `push` after `git`.
    struct Subcommands: Sendable {
        let program: String
        /// The number of plain words that are kept.
        var words = 1
        /// The subcommands after which one more word is kept, with blanks around each subcommand.
        var longer = " "
        /// The options before the subcommand that take the next word as their value.
        var valued = " "
        /// The options before the subcommand that take no value.
        var flags = " "
        /// Whether users choose the words, such as the targets of make. Such words may have more kinds of characters.
        var isChosen = false
    }

    static let subcommands: [Subcommands] = [
        Subcommands(
            program: "git", valued: " -C -c --git-dir --work-tree --namespace ",
            flags: " --no-pager -p --paginate --bare --no-optional-locks "),
        Subcommands(program: "cargo", flags: " -q -v --quiet --verbose --locked --offline "),
        Subcommands(
            program: "make", valued: " -C -f -I -o -W --directory --file ", flags: " -B -k -s -n -i -j --silent ",
            isChosen: true),
        Subcommands(program: "gmake", valued: " -C -f ", flags: " -B -k -s -n -j ", isChosen: true),
        Subcommands(
            program: "just", valued: " -f -d --justfile --working-directory ", flags: " -q -v ", isChosen: true),
        Subcommands(program: "task", isChosen: true), Subcommands(program: "rake", isChosen: true),
        Subcommands(program: "ninja", valued: " -C -f -j ", isChosen: true),
        Subcommands(program: "bazel"), Subcommands(program: "bazelisk"), Subcommands(program: "buck2"),
        Subcommands(
            program: "gradle", flags: " --daemon --no-daemon --parallel --offline -q -i -s --info --stacktrace ",
            isChosen: true),
        Subcommands(
            program: "gradlew", flags: " --daemon --no-daemon --parallel --offline -q -i -s --info --stacktrace ",
            isChosen: true),
        Subcommands(program: "mvn", valued: " -f -pl -P ", flags: " -q -B -U -o -e ", isChosen: true),
        Subcommands(program: "mvnw", valued: " -f -pl -P ", flags: " -q -B -U -o -e ", isChosen: true),
        Subcommands(program: "ant", isChosen: true), Subcommands(program: "sbt", isChosen: true),
        Subcommands(program: "lein"), Subcommands(program: "mix"), Subcommands(program: "rebar3"),
        Subcommands(program: "stack"), Subcommands(program: "cabal"), Subcommands(program: "dune"),
        Subcommands(program: "npm", longer: " run run-script "), Subcommands(program: "pnpm", longer: " run "),
        Subcommands(program: "yarn", longer: " run workspace "), Subcommands(program: "bun", longer: " run "),
        Subcommands(program: "deno", longer: " task "), Subcommands(program: "nx"),
        Subcommands(program: "turbo", longer: " run "),
        Subcommands(program: "composer", longer: " run run-script "), Subcommands(program: "rails"),
        Subcommands(
            program: "docker", longer: " compose buildx container image network volume system context ",
            valued: " -H --host --context -c --config -l --log-level "),
        Subcommands(program: "podman", longer: " compose container image network volume system machine pod "),
        Subcommands(program: "docker-compose", valued: " -f -p --file --project-name --profile --env-file "),
        Subcommands(
            program: "kubectl", longer: " rollout config ",
            valued: " -n --namespace --context --kubeconfig --cluster -s --server --user "),
        Subcommands(program: "oc", valued: " -n --namespace --context "),
        Subcommands(program: "helm", longer: " repo ", valued: " -n --namespace --kube-context --kubeconfig "),
        Subcommands(program: "minikube"), Subcommands(program: "kind"), Subcommands(program: "k3d"),
        Subcommands(program: "terraform"), Subcommands(program: "tofu"), Subcommands(program: "pulumi"),
        Subcommands(program: "vagrant"), Subcommands(program: "packer"), Subcommands(program: "vault"),
        Subcommands(
            program: "aws", words: 2, valued: " --profile --region --output --endpoint-url ", flags: " --no-cli-pager "),
        Subcommands(program: "gcloud", words: 2, valued: " --project --configuration "),
        Subcommands(program: "az", words: 2), Subcommands(program: "gh", words: 2),
        Subcommands(program: "glab", words: 2),
        Subcommands(program: "fly"), Subcommands(program: "flyctl"), Subcommands(program: "heroku"),
        Subcommands(program: "vercel"), Subcommands(program: "netlify"), Subcommands(program: "firebase"),
        Subcommands(program: "go", longer: " mod tool "), Subcommands(program: "swift", longer: " package "),
        Subcommands(program: "rustup"), Subcommands(program: "zig"), Subcommands(program: "dotnet", longer: " tool "),
        Subcommands(program: "flutter"), Subcommands(program: "dart"), Subcommands(program: "opam"),
        Subcommands(program: "nix", longer: " flake profile store "),
        Subcommands(program: "uv", longer: " pip tool python "),
        Subcommands(program: "pip"), Subcommands(program: "pip3"), Subcommands(program: "pipx"),
        Subcommands(program: "pipenv"),
        Subcommands(program: "poetry"), Subcommands(program: "pdm"), Subcommands(program: "rye"),
        Subcommands(program: "hatch"),
        Subcommands(program: "conda"), Subcommands(program: "mamba"), Subcommands(program: "pixi"),
        Subcommands(program: "bundle"), Subcommands(program: "gem"), Subcommands(program: "mise"),
        Subcommands(program: "asdf"),
        Subcommands(program: "brew", longer: " services "), Subcommands(program: "apt", flags: " -y -q -qq "),
        Subcommands(program: "apt-get", flags: " -y -q -qq "), Subcommands(program: "apt-cache"),
        Subcommands(program: "dnf", flags: " -y -q "),
        Subcommands(program: "yum", flags: " -y -q "), Subcommands(program: "zypper"), Subcommands(program: "apk"),
        Subcommands(program: "snap"), Subcommands(program: "flatpak"), Subcommands(program: "port"),
        Subcommands(program: "systemctl", flags: " --user --no-pager -q "), Subcommands(program: "launchctl"),
        Subcommands(program: "hg"), Subcommands(program: "jj"), Subcommands(program: "svn"),
        Subcommands(program: "fossil"),
        Subcommands(program: "nexus", longer: " telemetry session "), Subcommands(program: "meson"),
        Subcommands(program: "xmake"),
        Subcommands(program: "cmake-format"), Subcommands(program: "pre-commit"), Subcommands(program: "direnv"),
    ]

    /// Commands that take no time and are rarely the purpose of a line. They are skipped if another command follows.
    static let trivial = [
        "cd", "pushd", "popd", "export", "declare", "typeset", "local", "readonly", "set", "unset", "true", ":",
        "echo", "printf", "alias", "umask", "setopt",
    ]

    /// The trivial commands that change the folder, and can fail.
    static let folderChanges = ["cd", "pushd", "popd"]

    /// Programs that pass on the output of another program. They are skipped after the first command of a pipeline.
    static let filters = [
        "tee", "less", "more", "most", "bat", "batcat", "head", "tail", "grep", "egrep", "fgrep", "rg", "ag", "ack",
        "sort", "uniq", "wc",
        "cut", "tr", "sed", "awk", "gawk", "mawk", "jq", "yq", "column", "cat", "tac", "nl", "fold", "fmt", "rev",
        "paste", "xxd",
        "hexdump", "od", "strings", "base64", "ts", "pv", "ccze", "delta", "diff-so-fancy", "xclip", "xsel", "pbcopy",
        "wl-copy",
        "fzf", "sk", "gunzip", "zcat", "iconv", "expand", "comm", "join",
    ]

    /// Programs that run as long as the user reads or types.
    package static let interactive = [
        "vi", "vim", "nvim", "view", "vimdiff", "gvim", "nano", "pico", "emacs", "emacsclient", "ed", "hx", "helix",
        "micro", "kak",
        "joe", "mcedit", "visudo", "vipw", "less", "more", "most", "man", "info", "ssh", "mosh", "telnet", "ftp",
        "sftp", "su", "login",
        "tmux", "screen", "byobu", "zellij", "top", "htop", "btop", "atop", "iotop", "nvtop", "glances", "watch", "fg",
        "fzf", "sk",
        "ranger", "nnn", "lf", "mc", "vifm", "tig", "lazygit", "lazydocker", "gitui", "k9s", "ncdu", "dialog",
        "whiptail", "passwd",
        "read", "select", "gdb", "lldb", "pdb", "ipython", "bpython", "ptpython", "irb", "pry", "ghci", "iex", "erl",
        "utop",
        "jshell", "bluetoothctl", "mutt", "neomutt", "lynx", "w3m", "links", "newsboat", "cmus", "crontab",
    ]

    /// Interpreters and shells. They are interactive without arguments, or with only `-i` or `-l`.
    static let interpreters = [
        "python", "python2", "python3", "node", "deno", "bun", "ruby", "perl", "php", "lua", "luajit", "R", "julia",
        "octave", "scala",
        "ocaml", "racket", "guile", "sbcl", "clj", "swift", "bash", "zsh", "fish", "sh", "dash", "ksh", "tcsh", "csh",
        "nu", "xonsh",
        "elvish", "pwsh", "bc", "dc", "tclsh", "gnuplot", "maxima", "gp", "forth", "kotlin",
    ]

    /// A client of a database. It is interactive unless its arguments give a statement or a file.
    struct DatabaseClient: Sendable {
        let program: String
        /// The options that give a statement or a file, or that print a text, with blanks around each option.
        let statements: String
        /// The options that take the next word as their value.
        var valued = " "
        /// The maximum number of arguments, without options, of an interactive session; nil if there is no maximum.
        var arguments: Int?
        /// Whether long options have one dash. Then a word that begins with a short option is another option.
        var hasOneDash = false
    }

    static let databaseClients = [
        DatabaseClient(program: "psql", statements: " -c -f -l -V -? --command --file --list --version --help "),
        DatabaseClient(program: "mysql", statements: " -e -V -? --execute --version --help "),
        DatabaseClient(program: "mariadb", statements: " -e -V -? --execute --version --help "),
        DatabaseClient(program: "mongosh", statements: " -f -h --eval --file --version --help "),
        DatabaseClient(program: "mongo", statements: " -f -h --eval --file --version --help "),
        DatabaseClient(program: "clickhouse-client", statements: " -q -V --query --queries-file --version --help "),
        DatabaseClient(
            program: "redis-cli",
            statements: " -v --version --help --eval --scan --bigkeys --memkeys --hotkeys --pipe --rdb ",
            valued: " -h -p -s -a -u -n -r -i -d -D -t --user --pass --sni --cacert --cacertdir --cert --key ",
            arguments: 0),
        DatabaseClient(
            program: "sqlite3", statements: " -version --version -help --help ",
            valued: " -cmd -init -separator -newline -nullvalue -vfs ", arguments: 1, hasOneDash: true),
        DatabaseClient(
            program: "duckdb", statements: " -c -s -f -version --version -help --help ",
            valued: " -cmd -init -separator -newline -nullvalue ", arguments: 1, hasOneDash: true),
    ]

    /// Programs that open a terminal in a container with `-it` or `attach`.
    static let containerPrograms = ["docker", "podman", "kubectl", "oc", "nerdctl"]

    /// Programs, and names of commands, whose exit code 1 is an answer, not a failure.
    static let oneIsAnswer = [
        "grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "pgrep", "diff", "colordiff", "zdiff", "diff3", "sdiff",
        "cmp", "test", "expr",
        "let", "git grep", "git diff", "pidof", "mountpoint",
    ]

    /// Programs whose status 124 means a timeout.
    static let timeouts = ["timeout", "gtimeout"]
}

extension CommandRules {
    /// The programs whose subcommand is kept.
    package static var programsWithSubcommands: [String] { subcommands.map(\.program) }

    /// The programs in the lists of subcommands, trivial commands, filters, interactive programs and interpreters.
    package static var namedPrograms: [String] {
        subcommands.map(\.program) + trivial + filters + interactive + interpreters
    }
}
