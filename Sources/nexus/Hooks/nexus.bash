# shellcheck shell=bash
# Records each command's name, duration and success: nexus help init. Older shells than 4.4 have no PS0.
# PS0, which bash expands once for each line that it read, notes the start by arithmetic alone; the DEBUG trap notes the
# line's first command; PROMPT_COMMAND sends. None of them starts a process. Letters are listed instead of given as
# ranges, as ranges hold other letters too in some languages.
if [[ $- == *i* && ${__nexus_shell-} != "$$" ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then

# What the DEBUG trap calls: takes the first command of a line. The last argument is $_, which a call leaves as it
# was; the first is the status to return, as with extdebug one that is not 0 keeps a command from running.
__nexus_debug() {
    # With functrace the trap also goes off inside of this hook's own functions.
    if [[ ${__nexus_armed-} == 1 && $BASH_COMMAND != __nexus_* && ${FUNCNAME[1]-} != __nexus_* ]]; then
        __nexus_armed=0
        __nexus_line=${BASH_COMMAND:0:4096}
    fi
    [[ ! -o errexit ]] || shopt -q extdebug || return 0
    return "$1"
}

# The same for bash-preexec, which has a trap of its own.
__nexus_preexec() {
    __nexus_begin=${EPOCHREALTIME-$((SECONDS * 1000000))}
    __nexus_begin=${__nexus_begin/[^0123456789]/}
    __nexus_line=${1:0:4096}
}

# Runs before each prompt. $? is passed on, and `local -` keeps the shell's options (errexit, nounset, xtrace)
# out of here and as they were.
__nexus_prompt() {
    local __nexus_code=$? __nexus_end=${EPOCHREALTIME-$((SECONDS * 1000000))} -
    set +eEuxTf
    if [[ -n ${__nexus_begin-} ]]; then
        __nexus_end=${__nexus_end/[^0123456789]/}
        __nexus_record
    fi
    __nexus_begin='' __nexus_armed=0 __nexus_line=''
    [[ -n ${__nexus_preexec_runs-} ]] || __nexus_note_start
    return "$__nexus_code"
}

# Puts the note of the start into PS0, again where somebody has set PS0 anew. Without promptvars it would be shown
# instead of expanded.
__nexus_note_start() {
    # shellcheck disable=SC2016
    local __nexus_note='${PS0:(__nexus_armed=1,__nexus_begin=SECONDS*1000000,0):0}'
    # shellcheck disable=SC2016
    [[ -z ${EPOCHREALTIME-} ]] ||
        __nexus_note='${PS0:(__nexus_armed=1,__nexus_begin=${EPOCHREALTIME/[^0123456789]/},0):0}'
    if ! shopt -q promptvars; then
        PS0=${PS0-}
        PS0=${PS0/"$__nexus_note"/}
    elif [[ ${PS0-} != *"$__nexus_note"* ]]; then
        PS0=$__nexus_note${PS0-}
    fi
}

# Sets __nexus_name to the plain name in __nexus_line, or to nothing.
__nexus_find_name() {
    local __nexus_rest=$__nexus_line __nexus_word __nexus_prefix='' __nexus_value
    __nexus_name=''
    while :; do
        __nexus_rest=${__nexus_rest#"${__nexus_rest%%[^$' \t\n']*}"}
        __nexus_word=${__nexus_rest%%[$' \t\n']*}
        case $__nexus_word in
        NEXUS_PREFIXES)
            __nexus_prefix=$__nexus_word
            __nexus_rest=${__nexus_rest#"$__nexus_word"}
            ;;
        '' | -*)
            __nexus_name=$__nexus_prefix
            return
            ;;
        [abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_]*=*)
            # Where it is not sure where the value ends, nothing behind it is looked at.
            __nexus_value=${__nexus_rest#*=}
            case $__nexus_value in
            \'*\'*)
                __nexus_rest=${__nexus_value#\'}
                __nexus_rest=${__nexus_rest#*\'}
                ;;
            \"*\"*)
                __nexus_value=${__nexus_value#\"}
                __nexus_rest=${__nexus_value#*\"}
                __nexus_value=${__nexus_value%%\"*}
                [[ $__nexus_value != *[\\\`\(\{]* ]] || return
                ;;
            *)
                [[ $__nexus_word != *[\'\"\\\`\(\)\{\}\<\>\;\|\&]* ]] || return
                __nexus_rest=${__nexus_rest#"$__nexus_word"}
                ;;
            esac
            [[ $__nexus_rest == [$' \t']* ]] || return
            ;;
        *) break ;;
        esac
    done
    __nexus_rest=${__nexus_rest#"$__nexus_word"}
    __nexus_value=${__nexus_word%%[\;\|\&]*}
    [[ $__nexus_value == "$__nexus_word" ]] || __nexus_rest=''
    __nexus_word=${__nexus_value#\\}
    __nexus_name=$__nexus_prefix
    # Only what names a command is a name: not a folder that was changed to, not a password typed too early.
    [[ $__nexus_word != *[^-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/~+]* ]] && builtin type -- "${__nexus_word/#\~\//$HOME/}" &>/dev/null || return
    __nexus_word=${__nexus_word##*/}
    [[ -n $__nexus_word && $__nexus_word != *[^-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._]* && $__nexus_word != [._-]* ]] || return
    ((${#__nexus_word} <= 32)) || return
    __nexus_name=$__nexus_word
    case $__nexus_word in
    NEXUS_PROGRAMS) ;;
    *) return ;;
    esac
    __nexus_rest=${__nexus_rest#"${__nexus_rest%%[^$' \t']*}"}
    __nexus_word=${__nexus_rest%%[$' \t\n;|&']*}
    [[ -n $__nexus_word && $__nexus_word != *[^abcdefghijklmnopqrstuvwxyz-]* && $__nexus_word != -* ]] || return
    ((${#__nexus_word} > NEXUS_SUBCOMMAND_BYTES)) || __nexus_name+=" $__nexus_word"
}

# Sends the event to the service, or starts the recorder where there is none.
__nexus_record() {
    case ${NEXUS_TELEMETRY-} in
    '' | [Oo][Nn] | 1 | [Tt][Rr][Uu][Ee] | [Yy][Ee][Ss]) ;;
    *) return ;;
    esac
    case ${DO_NOT_TRACK-} in
    '' | 0) ;;
    *) return ;;
    esac
    # Up through the real folders, as the recorder goes; the service does not know where a line comes from.
    local __nexus_up=.
    until [[ $__nexus_up -ef / || ${#__nexus_up} -gt 4096 ]]; do
        [[ ! -e $__nexus_up/.nexus-telemetry-off ]] || return
        __nexus_up+=/..
    done
    [[ ! -e /.nexus-telemetry-off ]] || return
    # Stopped with Ctrl-Z or by the terminal, and not at its end.
    ((__nexus_code < 147 || __nexus_code > 150)) || return
    local IFS=$' \t\n' __nexus_name='' __nexus_session=$__nexus_shell_session __nexus_folder=''
    local __nexus_pid='' __nexus_state=''
    # 127 says that there is no such command: what was typed is no name.
    ((__nexus_code == 127)) || __nexus_find_name
    local __nexus_took=$(((__nexus_end - __nexus_begin + 500) / 1000))
    ((__nexus_took >= 0)) || __nexus_took=0
    case ${NEXUS_SESSION-} in
    '' | *[^-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._]*) ;;
    *) ((${#NEXUS_SESSION} > 64)) || __nexus_session=$NEXUS_SESSION ;;
    esac
    local __nexus_json='{"event_type":"command"' __nexus_category=''
    local -a __nexus_flags=(--soft --type command --session "$__nexus_session" --duration-ms "$__nexus_took")
    if [[ -n $__nexus_name ]]; then
        __nexus_json+=",\"command\":\"$__nexus_name\""
        __nexus_flags+=(--command "$__nexus_name")
    fi
    if [[ -n ${EPOCHREALTIME-} ]]; then
        __nexus_json+=",\"timestamp\":${__nexus_begin:0:-3}"
        __nexus_flags+=(--timestamp "${__nexus_begin:0:-3}")
    fi
    if ((__nexus_code == 0)); then
        __nexus_json+=',"success":true'
        __nexus_flags+=(--success)
    else
        __nexus_category=exit_$__nexus_code
        ((__nexus_code <= 128 || __nexus_code > 192)) || __nexus_category=signal_$((__nexus_code - 128))
        __nexus_json+=",\"success\":false,\"error_category\":\"$__nexus_category\""
        __nexus_flags+=(--failure --error-category "$__nexus_category")
    fi
    __nexus_json+=",\"duration_ms\":$__nexus_took,\"session_id\":\"$__nexus_session\"}"

    if [[ -n ${NEXUS_DATA_DIR-} ]]; then
        __nexus_folder=$NEXUS_DATA_DIR
    elif [[ ${XDG_RUNTIME_DIR-} == /* ]]; then
        __nexus_folder=$XDG_RUNTIME_DIR/nexus
    elif [[ ${XDG_DATA_HOME-} == /* ]]; then
        __nexus_folder=$XDG_DATA_HOME/nexus
    elif [[ ${HOME-} == /* ]]; then
        __nexus_folder=$HOME/.local/share/nexus
    else
        return
    fi
    # Nothing here can be swapped between a test and its use. The service's folder is reached through a descriptor, and has to
    # be this user's and closed even to this user (mode 0500), so that nobody puts other files into it, and 8<>, which opens
    # without waiting for a reader, makes none. To root no folder is closed, so root starts the recorder.
    # The service lives when its number is that of a process of its name that is not stopped: a stopped one reads nothing.
    # What is in the pipe was not read yet, by a service that may be stuck, so that a write could wait for it. Lines that
    # follow one another at once are faster than the service, so a pipe counts as read that was empty 100 ms ago.
    if ((EUID)) && [[ ! -L $__nexus_folder && ! -L $__nexus_folder/run ]] && {
        [[ -O /proc/self/fd/9/. && ! -w /proc/self/fd/9/. ]] &&
            [[ -f /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pipe ]] &&
            builtin read -r __nexus_pid <"/proc/self/fd/9/pid" &&
            [[ -n $__nexus_pid && $__nexus_pid != *[^0123456789]* ]] &&
            IFS='' builtin read -r __nexus_state <"/proc/$__nexus_pid/stat" &&
            [[ $__nexus_state == "$__nexus_pid (nexus"*') '[RSDI]' '* ]] && {
            builtin read -r -t 0 -u 8 || __nexus_empty_at=$__nexus_end
            [[ -p /proc/self/fd/8 && -O /proc/self/fd/8 ]] && ((__nexus_end - __nexus_empty_at < 100000)) &&
                builtin printf '%s\n' "$__nexus_json" >&8
        } 8<>"/proc/self/fd/9/pipe"
    } 9<"$__nexus_folder/run/."; then
        return
    fi 2>/dev/null
    # In a subshell, so that neither $! nor the list of jobs knows of it.
    if builtin type -P nexus-record >/dev/null; then
        (exec nexus-record "${__nexus_flags[@]}" </dev/null &>/dev/null &)
    fi
}

# Runs at the first prompt, when all start files have set their traps; $1 is the DEBUG trap that stands then.
__nexus_install() {
    local __nexus_code=$? - IFS=$' \t\n' __nexus_part
    set +eEuxTf
    local -a __nexus_words=()
    local -a __nexus_commands=()
    local __nexus_next='__nexus_prompt && :'
    [[ -z ${bash_preexec_imported-}${__bp_imported-} ]] || __nexus_next=:
    for __nexus_part in "${PROMPT_COMMAND[@]}"; do
        # What bash-preexec finds there it takes for a command that is not typed, so nothing is left behind.
        [[ $__nexus_next != : || $__nexus_part != "$__nexus_first_prompt" ]] || continue
        # What somebody has put before it in the same text would change $?: it goes to the front.
        [[ $__nexus_next == : || $__nexus_part != ?*"$__nexus_first_prompt"* ]] ||
            __nexus_part=$__nexus_first_prompt$'\n'${__nexus_part/"$__nexus_first_prompt"/:}
        __nexus_commands+=("${__nexus_part/"$__nexus_first_prompt"/"$__nexus_next"}")
    done
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
        PROMPT_COMMAND=("${__nexus_commands[@]}")
    else
        # shellcheck disable=SC2178
        PROMPT_COMMAND=${__nexus_commands[0]-}
    fi
    if [[ $__nexus_next == : ]]; then
        __nexus_preexec_runs=1
        preexec_functions+=(__nexus_preexec)
        precmd_functions+=(__nexus_prompt)
    else
        eval "__nexus_words=($1)"
        # In POSIX mode a trap that is not set is shown as one that is -.
        # shellcheck disable=SC2016
        if [[ -n ${__nexus_words[2]-} && ${__nexus_words[2]} != - ]]; then
            # Behind the trap that was there, which sees what it always saw. A list with && fails without ending
            # a shell that has errexit.
            trap -- "${__nexus_words[2]}"$'\n''__nexus_debug "$?" "$_" && : "$_"' DEBUG
        else
            trap -- '[[ ${__nexus_armed-} != 1 ]] || __nexus_debug 0 "$_"' DEBUG
        fi
        __nexus_note_start
    fi
    return "$__nexus_code"
}

# The shell's own session, as `nexus record` finds it: the start of the computer, this process, and its start.
__nexus_find_session() {
    local IFS=$' \t\n' __nexus_boot='' __nexus_stat=''
    local -a __nexus_fields=()
    { IFS='' read -r __nexus_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || __nexus_boot=00000000
    { IFS='' read -r -d '' __nexus_stat <"/proc/$$/stat"; } 2>/dev/null || :
    read -r -a __nexus_fields <<<"${__nexus_stat##*) }" || :
    __nexus_shell_session=shell-${__nexus_boot%%-*}-$$-${__nexus_fields[19]-0}
}

__nexus_shell=$$ __nexus_begin='' __nexus_line='' __nexus_armed=0 __nexus_empty_at=0
__nexus_find_session
# shellcheck disable=SC2016
__nexus_first_prompt='__nexus_install "$(trap -p DEBUG)" && :'
# As an array each part is run with the line's own $? and PIPESTATUS; older shells run only a string.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    # shellcheck disable=SC2178,SC2128
    PROMPT_COMMAND=("$__nexus_first_prompt" ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"})
else
    # shellcheck disable=SC2178,SC2128
    PROMPT_COMMAND=$__nexus_first_prompt${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}
fi

fi
