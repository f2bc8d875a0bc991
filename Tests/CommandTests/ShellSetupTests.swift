import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Set-ups of zsh and fish, and ways in which a line gets into a shell other than by typing it.
@Suite(.serialized)
struct ShellSetupTests {
    typealias Setup = ShellLineHookTests.Setup

    /// What oh-my-zsh sets up: options, hooks through `add-zsh-hook`, a prompt with commands in it.
    private static let ohMyZsh = #"""
        autoload -Uz add-zsh-hook
        setopt prompt_subst auto_cd auto_pushd multios share_history hist_ignore_space hist_ignore_dups interactive_comments
        omz_precmd() { emulate -L zsh; print -n ""; }
        omz_preexec() { emulate -L zsh; setopt extended_glob; typeset -g seen="$seen,$1"; }
        add-zsh-hook precmd omz_precmd
        add-zsh-hook preexec omz_preexec
        git_prompt_info() { echo main; }
        PROMPT='%c $(git_prompt_info) '
        """#
    /// What powerlevel10k does: its functions have to be the first and the last before each prompt.
    private static let powerlevel = #"""
        _p9k_do_nothing() { true; }
        _p9k_precmd_first() { typeset -g code=$?; }
        _p9k_precmd() {
            typeset -g codes="$codes,$code"
            if [[ $precmd_functions[1] != _p9k_do_nothing || $precmd_functions[-1] != _p9k_precmd ]]; then
                precmd_functions=(${(@)precmd_functions:#_p9k_*})
                precmd_functions=(_p9k_do_nothing _p9k_precmd_first $precmd_functions _p9k_precmd)
            fi
        }
        _p9k_preexec1() { typeset -g seen="$seen,$1"; }
        _p9k_preexec2() { true; }
        precmd_functions=(_p9k_do_nothing _p9k_precmd_first $precmd_functions _p9k_precmd)
        preexec_functions=(_p9k_preexec1 $preexec_functions _p9k_preexec2)
        """#
    private static let seen = #"[[ $seen == *",true a,false,"* ]]"#

    static let zshSetups: [Setup] = [
        Setup(description: "oh-my-zsh before", before: ohMyZsh, check: seen),
        Setup(description: "oh-my-zsh after", after: ohMyZsh, check: seen),
        Setup(
            description: "powerlevel10k before", before: powerlevel, check: #"[[ $codes == *",0,1,0,0" ]] && "# + seen),
        Setup(description: "powerlevel10k after", after: powerlevel, check: #"[[ $codes == *",0,1,0,0" ]] && "# + seen),
        Setup(
            description: "both, and direnv", before: ohMyZsh,
            after: powerlevel + "\neval \"$(direnv hook zsh 2>/dev/null)\"",
            check: seen),
        Setup(
            description: "TRAPDEBUG", after: #"TRAPDEBUG() { typeset -g traced="$traced,$ZSH_DEBUG_CMD"; }"#,
            // zsh calls it for the first command of every function: the hook's set it aside there.
            check: #"mark=emu; [[ $traced == *",true a"* && $traced != *"${mark}late"* ]]"#),
        Setup(
            description: "TRAPZERR", before: #"TRAPZERR() { typeset -g failed="$failed x"; }"#,
            check: "[[ $failed == ' x' ]]"),
        Setup(
            description: "traps DEBUG and ERR",
            before: "trap 'traced=$ZSH_DEBUG_CMD' DEBUG; trap 'failed=1' ERR", check: "[[ $failed == 1 ]]"),
        Setup(
            description: "allexport", before: "setopt all_export",
            check: "! env | grep -q 'true a'"),
        Setup(description: "vi mode", before: "bindkey -v"),
        Setup(description: "sh_word_split, null_glob and xtrace", before: "setopt sh_word_split null_glob"),
        Setup(
            description: "sourced again",
            after: "eval \"$(\(Program.url.path) init zsh)\"; autoload -Uz compinit; compinit -D -u",
            check: "[[ ${(j: :)precmd_functions} != *nexus*nexus* ]]"),
    ]
    static let fishSetups: [Setup] = [
        Setup(
            description: "starship",
            before: """
                function fish_prompt; set -g codes "$codes,$status"; echo '> '; end
                function fish_right_prompt; end
                function other --on-event fish_preexec; set -g seen "$seen,$argv[1]"; end
                """,
            check: #"string match -q '*,true a,false,*' -- $seen; and string match -q '*,0,1,0,0' -- $codes"#),
        Setup(description: "direnv", before: "direnv hook fish 2>/dev/null | source"),
        Setup(
            description: "another after each command",
            before: "function other --on-event fish_postexec; set -g after \"$after,$status\"; end",
            check: "string match -q '*,1,*' -- $after"),
        Setup(description: "vi mode", before: "fish_vi_key_bindings"),
    ]

    private func check(_ kind: InteractiveShell.Kind, _ setup: Setup) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(kind, program, before: setup.before, after: setup.after)
        let failed = kind == .fish ? "sh -c 'exit 3' | cat" : "(exit 3) | cat"
        #expect(try shell.type("true a", "false", failed, "sleep 0.1", setup.check).last == "0", "\(shell.terminal)")
        let rows = try shell.rows("coalesce(command, '-'), success", count: 5)
        let expected = ["true|1", "false|0", kind == .fish ? "sh|0" : "exit|0", "sleep|1"]
        #expect(rows.count == 5)
        // Recorders overtake each other.
        if kind == .fish {
            #expect(expected.allSatisfy(rows.contains), "\(rows)")
        } else {
            #expect(Array(rows.prefix(4)) == expected)
        }
        let text = shell.terminal
        #expect(!text.contains("\(kind): ") && !text.contains("nexus: ") && !text.contains("__nexus"), "\(text)")
    }

    @Test("Every zsh line is recorded once with any other tool, and the other tool works", arguments: zshSetups)
    func zsh(setup: Setup) throws { try check(.zsh, setup) }

    @Test(
        "Every fish line is recorded once with any other tool, and the other tool works", arguments: fishSetups)
    func fish(setup: Setup) throws { try check(.fish, setup) }

    @Test(
        "An edited bash command is recorded line by line, in emacs mode and in vi mode",
        arguments: [false, true])
    func editor(isVi: Bool) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let editor = program.folder.path + "/editor"
        try "#!/bin/sh\nprintf 'true one\\nsleep 0.1\\nfalse\\n' >\"$1\"\n".write(
            toFile: editor, atomically: true, encoding: .utf8)
        unsafe chmod(editor, 0o755)
        let shell = try InteractiveShell(
            .bash, program, before: "export EDITOR=\(editor) VISUAL=; \(isVi ? "set -o vi" : "")")
        // Enter at the empty prompt that follows the editor.
        try shell.type("cat /dev/null", isVi ? "ls -d /\u{1B}v" : "ls -d /\u{18}\u{05}", "sh -c 'exit 3'")
        #expect(
            try shell.rows(
                "coalesce(command, '-'), coalesce(success, '-'), coalesce(error_category, '-'), duration_ms IS NOT NULL",
                count: 5) == ["cat|1|-|1", "true|-|-|0", "sleep|-|-|0", "false|-|-|0", "sh|0|exit_3|1"])
    }

    @Test(
        "A shell that replaced another one, and a start file that is read again, continue to record",
        arguments: [InteractiveShell.Kind.bash, .zsh])
    func replaced(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        defer { withExtendedLifetime(service) {} }
        let shell = try InteractiveShell(kind, program, before: kind == .bash ? "set -a" : "setopt all_export")
        let (again, file) =
            kind == .bash ? ("exec bash --rcfile ~/start.bash -i", "~/start.bash") : ("exec zsh -d -i", "~/.zshrc")
        try shell.type("true", again, "false", ". \(file)", "sh -c 'exit 3'")
        let rows = try shell.rows("coalesce(command, '-'), success", count: 3)
        #expect(rows.first == "true|1" && rows.contains("false|0") && rows.last == "sh|0", "\(rows)")
        #expect(rows.count { $0.hasPrefix("sh|") } == 1 && rows.count { $0.hasPrefix("false|") } == 1)
    }
}
