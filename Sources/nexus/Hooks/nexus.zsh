if [[ -o interactive ]] && (( ! ${+functions[__nexus_precmd]} )); then

__nexus_preexec() {
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    typeset -g __nexus_line=${1:-${3-}}
    typeset -gi __nexus_begin=0
    (( __nexus_begin = ${EPOCHREALTIME-0} * 1000 ))
    typeset -gi __nexus_armed=1
}

# Runs before each prompt; zsh gives every such function the line's own $?.
__nexus_precmd() {
    local -i __nexus_code=$?
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    (( __nexus_armed )) || return 0
    typeset -gi __nexus_armed=0
    __nexus_record $__nexus_code
    typeset -g __nexus_line=
    return 0
}

# Sets `name` to the plain name in __nexus_line, or to nothing. zsh itself splits the line into words.
__nexus_find_name() {
    local prefix= word
    local -a words=(${(z)__nexus_line[1,4096]})
    while (( $#words )); do
        word=$words[1]
        case $word in
        (NEXUS_PREFIXES) prefix=$word ;;
        (-*) name=$prefix; return ;;
        # The words of an array are no command, and where it ends is not looked for.
        ([A-Za-z_]*=*\() return ;;
        ([A-Za-z_]*=*) ;;
        (*) break ;;
        esac
        shift words
    done
    name=$prefix
    word=${word#\\}
    # Only what names a command is a name: not a folder that was changed to, not a password typed too early.
    (( $#words )) && [[ $word != *[^A-Za-z0-9._/~+-]* ]] || return
    builtin whence -- ${word/#\~\//$HOME/} &>/dev/null || return
    word=${word##*/}
    [[ $word == [A-Za-z0-9]* && $word != *[^A-Za-z0-9._-]* ]] && (( $#word <= 32 )) || return
    name=$word
    case $word in
    (NEXUS_PROGRAMS) ;;
    (*) return ;;
    esac
    word=${words[2]-}
    [[ $word == [a-z]* && $word != *[^a-z-]* ]] && (( $#word <= NEXUS_SUBCOMMAND_BYTES )) || return
    name+=" $word"
}

# Sends the event to the service, or starts the recorder where there is none.
__nexus_record() {
    [[ ${(L)NEXUS_TELEMETRY-} == (|on|1|true|yes) && ${DO_NOT_TRACK-} == (|0) ]] || return
    # Up through the real folders, as the recorder goes; the service does not know where a line comes from.
    local up=.
    until [[ $up -ef / || $#up -gt 4096 ]]; do
        [[ ! -e $up/.nexus-telemetry-off ]] || return
        up+=/..
    done
    [[ ! -e /.nexus-telemetry-off ]] || return
    local -i code=$1 took=0 descriptor=-1
    # Stopped with Ctrl-Z or by the terminal, and not at its end.
    (( code < 147 || code > 150 )) || return
    local name= session=$__nexus_shell_session folder= category=
    if (( __nexus_begin )); then
        (( took = EPOCHREALTIME * 1000 - __nexus_begin, took = took < 0 ? 0 : took ))
    fi
    # 127 says that there is no such command: what was typed is no name.
    (( code == 127 )) || __nexus_find_name
    if [[ -n ${NEXUS_SESSION-} && $NEXUS_SESSION != *[^A-Za-z0-9._-]* ]] && (( $#NEXUS_SESSION <= 64 )); then
        session=$NEXUS_SESSION
    fi
    local json='{"event_type":"command"'
    local -a flags=(--soft --type command --session $session)
    if [[ -n $name ]]; then
        json+=",\"command\":\"$name\""
        flags+=(--command $name)
    fi
    if (( __nexus_begin )); then
        json+=",\"timestamp\":$__nexus_begin,\"duration_ms\":$took"
        flags+=(--timestamp $__nexus_begin --duration-ms $took)
    fi
    if (( code == 0 )); then
        json+=',"success":true'
        flags+=(--success)
    else
        category=exit_$code
        (( code > 128 && code <= 192 )) && category=signal_$(( code - 128 ))
        json+=",\"success\":false,\"error_category\":\"$category\""
        flags+=(--failure --error-category $category)
    fi
    json+=",\"session_id\":\"$session\"}"

    if [[ -n ${NEXUS_DATA_DIR-} ]]; then
        folder=$NEXUS_DATA_DIR
    elif [[ ${XDG_RUNTIME_DIR-} == /* ]]; then
        folder=$XDG_RUNTIME_DIR/nexus
    elif [[ ${XDG_DATA_HOME-} == /* ]]; then
        folder=$XDG_DATA_HOME/nexus
    elif [[ ${HOME-} == /* ]]; then
        folder=$HOME/.local/share/nexus
    else
        return
    fi
    # What was opened is checked, not what has the name: only a pipe of this user that no other user may open gets the event.
    # Without a reader the pipe does not open, and a full one refuses the line: the recorder takes it then. Root, who
    # may have the environment of another user, starts the recorder.
    if (( EUID )) && [[ ! -L $folder && ! -L $folder/run && -p $folder/run/pipe ]] &&
        sysopen -w -o nonblock,cloexec,nofollow -u descriptor -- $folder/run/pipe
    then
        local -A opened
        if zstat -H opened -f $descriptor && (( opened[uid] == EUID && (opened[mode] & 8#170077) == 8#10000 )) &&
            syswrite -o $descriptor -- "$json"$'\n'
        then
            exec {descriptor}>&-
            return
        fi
        exec {descriptor}>&-
    fi 2>/dev/null
    # In a subshell, so that neither $! nor the list of jobs knows of it.
    if builtin whence -p nexus-record >/dev/null; then
        ( exec nexus-record $flags </dev/null &>/dev/null &! )
    fi
}

# The shell's own session, as `nexus record` finds it: the start of the computer, this process, and its start.
__nexus_start() {
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    local boot=00000000 stat=
    zmodload zsh/datetime zsh/system 2>/dev/null
    zmodload -F zsh/stat b:zstat 2>/dev/null
    [[ -r /proc/sys/kernel/random/boot_id ]] && IFS= read -r boot </proc/sys/kernel/random/boot_id
    [[ -r /proc/$$/stat ]] && IFS= read -r -d '' stat </proc/$$/stat
    local -a fields=(${(s: :)${stat##*\) }})
    typeset -g __nexus_shell_session=shell-${boot%%-*}-$$-${fields[20]:-0}
    typeset -gi __nexus_armed=0 __nexus_begin=0
    typeset -g __nexus_line=
    typeset -ga preexec_functions precmd_functions
    preexec_functions+=(__nexus_preexec)
    # First, so that what other hooks take is not counted.
    precmd_functions=(__nexus_precmd $precmd_functions)
}
__nexus_start

fi
