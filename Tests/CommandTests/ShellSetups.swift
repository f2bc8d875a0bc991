import Foundation
import TestSupport

/// Set-ups of bash with the tools that people load: real files where there are any, else the published shape of what the tool
/// prints for a start file.
extension ShellLineHookTests {
    private static let preexec = """
        . \(Repository.root.path)/Fixtures/shells/bash-preexec.sh
        theirs() { seen="$seen,$1"; }
        preexec_functions+=(theirs)
        """
    private static let seen = #"[[ $seen == *",true a,false,"* ]]"#

    /// What `starship init bash` prints, without the prompt.
    private static let starship = """
        _starship_set_return() { return "${1:-0}"; }
        starship_preexec() { started=1; }
        starship_precmd() {
            STARSHIP_CMD_STATUS=$? STARSHIP_PIPE_STATUS=("${PIPESTATUS[@]}")
            [[ -z ${BP_PIPESTATUS-} ]] || STARSHIP_PIPE_STATUS=("${BP_PIPESTATUS[@]}")
            jobs &>/dev/null
            "${starship_precmd_user_func-:}"
            _starship_set_return "$STARSHIP_CMD_STATUS"
            if [[ -n "${STARSHIP_PROMPT_COMMAND-}" ]]; then
                eval "$STARSHIP_PROMPT_COMMAND"
            fi
            statuses="$statuses,$STARSHIP_CMD_STATUS"
            PS1='> '
        }
        if [[ -n "${bash_preexec_imported:-}" || -n "${__bp_imported:-}" || -n "${preexec_functions-}" || -n "${precmd_functions-}" ]]; then
            starship_preexec_all(){ starship_preexec "$_"; }
            preexec_functions+=(starship_preexec_all)
            precmd_functions+=(starship_precmd)
        else
            starship_preexec_ps0() { echo 1; }
            PS0='${STARSHIP_START_TIME:$((STARSHIP_START_TIME="$(starship_preexec_ps0)",STARSHIP_PREEXEC_READY=0,0)):0}'"${PS0-}"
            if [[ ! -v PROMPT_COMMAND[1] ]]; then
                if [[ -z "${PROMPT_COMMAND-}" ]]; then
                    PROMPT_COMMAND="starship_precmd"
                elif [[ "$PROMPT_COMMAND" != *"starship_precmd"* ]]; then
                    STARSHIP_PROMPT_COMMAND="$PROMPT_COMMAND"
                    PROMPT_COMMAND="starship_precmd"
                fi
            else
                PROMPT_COMMAND+=(starship_precmd)
            fi
        fi
        """
    private static let starshipSeen = #"[[ $statuses == *",0,1,0,0" ]]"#

    /// VS Code's integration where bash-preexec is loaded.
    private static let codeOverPreexec = """
        \(preexec)
        __vsc_prompt_cmd() { __vsc_status="$?"; codes="$codes,$__vsc_status"; }
        __vsc_preexec_only() { __vsc_current_command="$1"; }
        precmd_functions+=(__vsc_prompt_cmd)
        preexec_functions+=(__vsc_preexec_only)
        """

    static let toolSetups: [Setup] = [
        Setup(description: "bash-preexec before", before: preexec, check: seen),
        Setup(description: "bash-preexec after", after: preexec, check: seen),
        Setup(description: "starship before", before: starship, check: starshipSeen),
        Setup(description: "starship after", after: starship, check: starshipSeen),
        Setup(description: "starship over bash-preexec", before: preexec, after: starship, check: starshipSeen),
        Setup(
            description: "VS Code over bash-preexec", before: codeOverPreexec,
            check: #"[[ $codes == *",0,1,0,0" && $seen == *",true a,"* ]]"#),
        Setup(
            description: "direnv, starship and a title",
            before: "eval \"$(direnv hook bash 2>/dev/null)\"\n\(starship)",
            after: "PROMPT_COMMAND=\"title=1; $PROMPT_COMMAND\"", check: "[[ $title == 1 ]]"),
        Setup(
            description: "history shared between shells", before: "HISTFILE=$HOME/history",
            after: "PROMPT_COMMAND=\"history -a; history -c; history -r; $PROMPT_COMMAND\""),
        Setup(description: "vi mode", before: "set -o vi"),
        Setup(description: "readonly HISTCONTROL", before: "HISTCONTROL=ignoreboth; readonly HISTCONTROL"),
        Setup(description: "BASH_COMPAT 5.0", before: "BASH_COMPAT=5.0"),
        Setup(description: "a small history", before: "HISTSIZE=3"),
        Setup(description: "no multi-line history", before: "shopt -u cmdhist"),
        Setup(
            description: "RETURN, ERR and EXIT traps",
            before: "trap 'returned=$BASH_COMMAND' RETURN; trap 'failed=$BASH_COMMAND' ERR; trap : EXIT",
            check: "mark=__nex; [[ $failed != *${mark}us_* && ${returned-} != *${mark}us_* ]]"),
    ]
}
