if [[ -o interactive ]]; then

__nexus_preexec() {
    \builtin trap - DEBUG ZERR
    local __nexus_hides=$options[histignorespace]
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    typeset -g __nexus_line=${1:-${3-}} __nexus_folder=$PWD
    typeset -gi __nexus_begin=0 __nexus_armed=1
    (( __nexus_begin = ${EPOCHREALTIME-0} * 1000 ))
    # A line that zsh keeps out of the history is not recorded.
    [[ $__nexus_hides == on && $__nexus_line == " "* ]] && __nexus_armed=0
    (( ${precmd_functions[(I)__nexus_precmd]} )) || precmd_functions=(__nexus_precmd $precmd_functions)
}

# Runs before each prompt. zsh sets $? and pipestatus to those of the line before it calls each such function.
__nexus_precmd() {
    local -a __nexus_codes=($? $pipestatus) && \builtin trap - DEBUG ZERR
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    (( ${preexec_functions[(I)__nexus_preexec]} )) || preexec_functions+=(__nexus_preexec)
    (( __nexus_armed )) || return 0
    typeset -gi __nexus_armed=0
    __nexus_record $__nexus_codes
    typeset -g __nexus_line=
    return 0
}

# Sends the line, its statuses and its times to the service, or to the recorder if no service runs.
__nexus_record() {
    [[ ${(L)NEXUS_TELEMETRY-} == (|on|1|true|yes) && ${DO_NOT_TRACK-} == (|0) ]] || return
    # A character is a byte from here on.
    setopt no_multibyte
    # Searches this folder and the real folders above it, as the recorder does. The service cannot do that, because it
    # does not know the folder of a line.
    local up=. root=$PWD text=${__nexus_line[1,30000]} session=$__nexus_shell_session
    until [[ $up -ef / || $#up -gt 4096 ]]; do
        [[ ! -e $up/.nexus-telemetry-off ]] || return
        up+=/..
    done
    [[ ! -e /.nexus-telemetry-off ]] || return
    local -i took=0 descriptor=-1
    (( took = EPOCHREALTIME * 1000 - __nexus_begin, took = took < 0 ? 0 : took ))
    if [[ -n ${NEXUS_SESSION-} && $NEXUS_SESSION != *[^A-Za-z0-9._-]* ]] && (( $#NEXUS_SESSION <= 64 )); then
        session=$NEXUS_SESSION
    fi
    until [[ -z $root || -e $root/.git ]]; do root=${root%/*}; done
    [[ $root != ${HOME-} ]] || root=
    # The setting git-workspace leaves out the name of a repository, but not a name from NEXUS_WORKSPACE.
    local workspace=${NEXUS_WORKSPACE-${root##*/}} changed=true named=${NEXUS_WORKSPACE+false}
    [[ $PWD != $__nexus_folder ]] || changed=false
    # Other bytes than ASCII in the line become ?, because Nexus reads only the names of programs in it, and these names
    # are ASCII.
    text=${${text//\\/\\\\}//\"/\\\"}
    text=${${${text//$'\n'/\\n}//[$'\t\r']/ }//[^ -~]/?}
    workspace=${${workspace//\\/\\\\}//\"/\\\"}
    [[ $workspace != *[[:cntrl:]]* ]] || workspace=
    local json="{\"shell\":\"zsh\",\"exit_status\":$1,\"pipe_status\":[${(j:,:)@[2,-1]}],\"timestamp\":$__nexus_begin"
    json+=",\"duration_ms\":$took,\"folder_changed\":$changed,\"session_id\":\"$session\",\"workspace\":\"$workspace\""
    json+=",\"git_root\":${named:-true},\"shell_line\":\"$text\"}"

    if [[ -n ${NEXUS_DATA_DIR-} ]]; then up=$NEXUS_DATA_DIR
    elif [[ ${XDG_RUNTIME_DIR-} == /* ]]; then up=$XDG_RUNTIME_DIR/nexus
    elif [[ ${XDG_DATA_HOME-} == /* ]]; then up=$XDG_DATA_HOME/nexus
    else up=${HOME-}/.local/share/nexus; fi
    # The hook checks the opened file, because another file may have the name by now. It writes the event only to a pipe
    # that belongs to this user and that no other user may open. The recorder gets the event if the pipe has no reader,
    # if the pipe is full, or if the event is too long for one write. Root may have the environment of another user, so
    # root always starts the recorder.
    if (( EUID && $#json < 4096 )) && [[ ! -L $up && ! -L $up/run && -p $up/run/pipe ]] &&
        sysopen -w -o nonblock,cloexec,nofollow -u descriptor -- $up/run/pipe
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
    # The recorder starts in a subshell, so that neither $! nor the list of jobs contains it.
    if builtin whence -p nexus-record >/dev/null; then
        ( { builtin print -r -- $json | nexus-record --stdin --soft } &>/dev/null &! )
    fi
}

# Installs the hook. The id of the shell's session is computed as `nexus record` does it: from the boot id, the process
# number and its start time.
__nexus_start() {
    \builtin emulate -L zsh
    \builtin setopt unset no_err_exit no_err_return no_xtrace
    local boot=00000000 stat=
    zmodload zsh/datetime zsh/parameter zsh/system 2>/dev/null
    zmodload -F zsh/stat b:zstat 2>/dev/null
    [[ -r /proc/sys/kernel/random/boot_id ]] && IFS= read -r boot </proc/sys/kernel/random/boot_id
    [[ -r /proc/$$/stat ]] && IFS= read -r -d '' stat </proc/$$/stat
    local -a fields=(${(s: :)${stat##*\) }})
    typeset -g __nexus_shell_session=shell-${boot%%-*}-$$-${fields[20]:-0}
    typeset -gi __nexus_armed=0 __nexus_begin=0
    typeset -g __nexus_line=
    typeset -ga preexec_functions precmd_functions
    (( ${preexec_functions[(I)__nexus_preexec]} )) || preexec_functions+=(__nexus_preexec)
    # The function is first, so that the durations of lines do not include the time of other hooks.
    precmd_functions=(__nexus_precmd ${precmd_functions:#__nexus_precmd})
}
__nexus_start

fi
