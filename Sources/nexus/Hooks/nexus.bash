# shellcheck shell=bash
# Passes each line, its statuses and its times to Nexus, which names it and keeps no more: nexus help init.
# PS0, which bash expands before each line it runs, notes start and status by arithmetic alone; PROMPT_COMMAND sends. The line
# is read from the history through a pipe of the shell's own. No trap is set, and with the service no process is started.
# bash copies a function at each call: what every line needs is in one function, the rest in others.
if [[ $- == *i* ]]; then
[[ $- != *a* ]] || { __nexus_exports=1; set +a; }
# The first part of PROMPT_COMMAND: $? and PIPESTATUS are the line's own.
__nexus_prompt() {
    local - IFS=, HISTTIMEFORMAT=$'\1%s\2' __nexus_now=${EPOCHREALTIME/[!0-9]/} __nexus_end='' __nexus_codes=("$?" "${PIPESTATUS[@]}")
    set +aeEuxTf
    [[ -n $__nexus_key ]] || __nexus_first 2>/dev/null
    ((__nexus_count == 0)) || { __nexus_line; __nexus_number=$HISTCMD; } 2>/dev/null
    __nexus_count=0 __nexus_folder=$PWD
    [[ ${PROMPT_COMMAND-} == __nexus_prompt && ${PS0-} == *__nexus_status* && ${HISTCONTROL-} == "$__nexus_control" && $BASHOPTS == *promptvars* &&
        -z ${PROMPT_COMMAND[909]-} || -n $__nexus_preexec ]] || __nexus_install prompt
}
# What bash-preexec calls with the line.
__nexus_preexec() { [[ $__nexus_hides == 1 && $1 == ' '* ]] || __nexus_begin=("${EPOCHREALTIME/[!0-9]/}") __nexus_given=$1 __nexus_count=1; }
# Sends the line that ran to the service, or to the recorder where there is none. What bash keeps out of the history, as
# ignorespace does, is not recorded.
__nexus_line() {
    ((__nexus_count == 1 && HISTCMD == __nexus_number + 1)) || [[ -n $__nexus_given ]] || __nexus_block || return
    if [[ -n $__nexus_given ]]; then
        [[ -z $__nexus_preexec ]] || __nexus_codes=("${__nexus_codes[0]}" "${BP_PIPESTATUS[@]}")
        __nexus_text=$__nexus_given __nexus_given=''
    else
        # shellcheck disable=SC2015
        { builtin history 1 && builtin printf '\0'; } >&"$__nexus_pipe" && IFS=$'\1\2' builtin read -r -d '' -u "$__nexus_pipe" __nexus_new __nexus_stamp __nexus_text ||
            { __nexus_read 1; __nexus_split; }
        __nexus_new+=$__nexus_stamp __nexus_text=${__nexus_text%$'\n'}
        [[ -n $__nexus_text && ($__nexus_new != "$__nexus_key" || $__nexus_text != "$__nexus_previous") ]] || return
        [[ $__nexus_repeats != 1 || $__nexus_text != "$__nexus_previous" ]] || __nexus_repeat
        __nexus_key=$__nexus_new __nexus_previous=$__nexus_text
    fi
    [[ -z ${NEXUS_TELEMETRY-}${DO_NOT_TRACK-} || ${NEXUS_TELEMETRY-} == @(|[Oo][Nn]|1|[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]) && ${DO_NOT_TRACK-} == @(|0) ]] || return
    # Up through the real folders, as the recorder goes; the service does not know where a line comes from.
    __nexus_up=.nexus-telemetry-off
    [[ ! -e $__nexus_up && ! -e ../$__nexus_up && ! -e ../../$__nexus_up && ! -e ../../../$__nexus_up && ! -e ../../../../$__nexus_up &&
        ! -e ../../../../../$__nexus_up && ! -e ../../../../../../$__nexus_up && ../../../../../.. -ef / ]] || __nexus_deep || return
    __nexus_root=$PWD __nexus_name=$__nexus_session __nexus_start=${__nexus_at:-${__nexus_begin[__nexus_count - 1]}} __nexus_end=${__nexus_end:-$__nexus_now}
    until [[ -z $__nexus_root || -e $__nexus_root/.git ]]; do __nexus_root=${__nexus_root%/*}; done
    [[ $__nexus_root != "${HOME-}" ]] || __nexus_root=''
    __nexus_root=${NEXUS_WORKSPACE-${__nexus_root##*/}} __nexus_git=${NEXUS_WORKSPACE+false}
    __nexus_git=${__nexus_git:-true}
    [[ ${NEXUS_SESSION:- } == *[!-A-Za-z0-9._]* || ${#NEXUS_SESSION} -gt 64 ]] || __nexus_name=$NEXUS_SESSION
    [[ $__nexus_text$__nexus_root != *[!\ !#-[\]-~]* && ${#__nexus_text} -lt 30000 ]] || __nexus_escape
    __nexus_json="{\"shell\":\"bash\",\"exit_status\":${__nexus_codes[0]},\"pipe_status\":[${__nexus_codes[*]:1}],\"timestamp\":${__nexus_start:0:-3}"
    __nexus_json+=",\"duration_ms\":${__nexus_took:-$((__nexus_end > __nexus_start ? (__nexus_end - __nexus_start + 500) / 1000 : 0))},\"session_id\":\"$__nexus_name\""
    # A setting leaves out the workspace of a repository, not one that the user named.
    __nexus_json+=",\"workspace\":\"$__nexus_root\",\"git_root\":$__nexus_git,\"shell_line\":\"$__nexus_text\",\"folder_changed\":"
    [[ $PWD == "$__nexus_folder" ]] && __nexus_json+='false}' || __nexus_json+='true}'
    __nexus_up=${NEXUS_DATA_DIR:-${XDG_RUNTIME_DIR-}/nexus}
    [[ -n ${NEXUS_DATA_DIR-} || $__nexus_up == /?*/nexus ]] || for __nexus_up in "${XDG_DATA_HOME-}/nexus" "${HOME-}/.local/share/nexus"; do [[ $__nexus_up != /?*/nexus ]] || break; done
    # Nothing here can be swapped between a test and its use: the folder is reached through a descriptor and has to be this
    # user's and closed even to this user (mode 0500), so that 8<>, which waits for no reader, makes no file in it; root, to
    # whom no folder is closed, starts the recorder. Number and start have to be those of a nexus that is not stopped, and the
    # pipe to have been empty 100 ms ago: what a stuck service does not read would make a write wait.
    if ((EUID && ${#__nexus_json} + 3 * ${#__nexus_root} < 4096)) && [[ ! -L $__nexus_up && ! -L $__nexus_up/run ]] && {
        [[ -O /proc/self/fd/9/. && ! -w /proc/self/fd/9/. && -f /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pipe ]] &&
            IFS=' ' builtin read -r __nexus_pid __nexus_since </proc/self/fd/9/pid && [[ $__nexus_pid == [1-9]* ]] &&
            IFS='' builtin read -r __nexus_state <"/proc/$__nexus_pid/stat" && [[ $__nexus_state == *'(nexus'*') '[RSDI]' '*" $__nexus_since"* ]] && {
            builtin read -r -t 0 -u 8 || __nexus_empty_at=$__nexus_now
            [[ -p /proc/self/fd/8 && -O /proc/self/fd/8 ]] && ((__nexus_now - __nexus_empty_at < 100000)) && builtin printf '%s\n' "$__nexus_json" >&8
        } 8<>/proc/self/fd/9/pipe
    } 9<"$__nexus_up/run/."; then return; fi
    # In a subshell, so that neither $! nor the list of jobs knows of it.
    ! builtin type -P nexus-record >/dev/null || (builtin printf '%s\n' "$__nexus_json" | exec nexus-record --stdin --soft &>/dev/null &)
}
# In a folder more than six levels deep, or where recording may be off.
__nexus_deep() {
    local __nexus_up=.
    until [[ $__nexus_up -ef / || ! -e $__nexus_up || ${#__nexus_up} -gt 4096 ]]; do [[ ! -e $__nexus_up/.nexus-telemetry-off ]] || return; __nexus_up+=/..; done
    [[ ! -e /.nexus-telemetry-off ]]
}
# Only the names of programs are read in a line, and they are ASCII.
__nexus_escape() {
    [[ $__nexus_root != *[[:cntrl:]]* ]] || __nexus_root=''
    __nexus_root=${__nexus_root//\\/\\\\} __nexus_root=${__nexus_root//\"/\\\"}
    local LC_ALL=C
    __nexus_text=${__nexus_text:0:30000} __nexus_text=${__nexus_text//\\/\\\\} __nexus_text=${__nexus_text//\"/\\\"}
    __nexus_text=${__nexus_text//$'\n'/\\n} __nexus_text=${__nexus_text//[$'\t\r']/ } __nexus_text=${__nexus_text//[! -~]/?}
}
# Sets __nexus_all to the last entries of the history. The pipe does not block: an entry that is too long for it is read again.
__nexus_read() {
    if [[ -n $__nexus_pipe ]]; then
        { builtin history "$1" && builtin printf '\0'; } >&"$__nexus_pipe" && IFS='' builtin read -r -d '' -u "$__nexus_pipe" __nexus_all && return
        exec {__nexus_pipe}>&-
    fi
    __nexus_pipe='' __nexus_all=$(builtin history "$1")$'\n'
}
# Takes the first entry off __nexus_all.
__nexus_split() {
    __nexus_new=${__nexus_all%%$'\2'*} __nexus_all=${__nexus_all#*$'\2'} __nexus_stamp=''
    __nexus_new=${__nexus_new/$'\1'/} __nexus_text=${__nexus_all%%$'\1'*}
    __nexus_text=${__nexus_text%$'\n'*} __nexus_all=${__nexus_all#"$__nexus_text"$'\n'}
}
# Notes what was there before the first line.
__nexus_first() {
    __nexus_key=0 __nexus_number=$((HISTCMD - __nexus_count))
    __nexus_read $((__nexus_count + 1))
    local __nexus_marks=${__nexus_all//[!$'\2']/}
    ((${#__nexus_marks} <= __nexus_count)) || { __nexus_split; __nexus_key=$__nexus_new __nexus_previous=$__nexus_text; }
}
# Sends all that ran but the last: lines of a pasted block, and before them what an editor left (C-x C-e, v), which bash runs
# without PS0, so that neither status nor duration is known, after an entry that it does not run: the line before its editing.
# A command before the prompt that reads the history of other shells would look the same. With comments in a block only the last
# entry is sure to be a line that ran.
# shellcheck disable=SC2206
__nexus_block() {
    local IFS=' *' __nexus_i __nexus_total=$__nexus_count __nexus_before __nexus_entry __nexus_count __nexus_end __nexus_codes
    local __nexus_at __nexus_took __nexus_edited=$((HISTCMD - __nexus_number - __nexus_total))
    __nexus_before=($__nexus_key)
    [[ $__nexus_edited -gt 0 && "${PROMPT_COMMAND[*]}" != *history* ]] || __nexus_edited=0
    __nexus_read $((__nexus_edited + __nexus_total))
    for ((__nexus_i = 1 - __nexus_edited; __nexus_i < __nexus_total; __nexus_i++)); do
        __nexus_split
        [[ $__nexus_new != "$__nexus_key" ]] || return
        __nexus_key=$__nexus_new __nexus_previous=$__nexus_text __nexus_entry=($__nexus_new)
        ((${#__nexus_text} > 0 && (__nexus_i > 0 || __nexus_i > 1 - __nexus_edited) && __nexus_entry[0] == __nexus_before[0] + __nexus_edited + __nexus_i)) || continue
        if ((__nexus_i > 0)); then
            __nexus_count=$__nexus_i __nexus_at='' __nexus_took='' __nexus_end=${__nexus_begin[__nexus_i]} __nexus_codes=("${__nexus_status[__nexus_i]}")
        else
            __nexus_count=1 __nexus_at=${__nexus_entry[1]}000000 __nexus_took=null __nexus_end=$__nexus_at __nexus_codes=(null)
        fi
        __nexus_given=$__nexus_text
        __nexus_line
    done
    return 0
}
# A repeated line is told from one that is not to be kept only if bash keeps it, so the hook removes it in bash's place.
# shellcheck disable=SC2206
__nexus_repeat() {
    local IFS=' *' __nexus_before __nexus_entry
    __nexus_before=($__nexus_key) __nexus_entry=($__nexus_new)
    ((__nexus_entry[0] != __nexus_before[0] + 1)) || { builtin history -d "${__nexus_entry[0]}" && __nexus_new=$__nexus_key; }
}
# Puts the hook first in PROMPT_COMMAND and its note into PS0, also where others have set them again. Elements change in
# place, as bash may be running one; element 909 is a second way in, which PS0 opens where the first was replaced. While
# start files run the hook stays in one text with what is there, as many tools take only the first element along.
__nexus_install() {
    local __nexus_part __nexus_i __nexus_parts=(__nexus_prompt)
    # shellcheck disable=SC2016
    local __nexus_note='${PS0:(__nexus_status[__nexus_count]=$?,__nexus_begin[__nexus_count++]=${EPOCHREALTIME/[^0123456789]/},0*${PROMPT_COMMAND[${__nexus_first[x${PROMPT_COMMAND-}]-909}]:=__nexus_prompt},0):0}'
    PS0=${PS0//"$__nexus_note"/}
    if [[ -n ${bash_preexec_imported-}${__bp_imported-} ]]; then
        __nexus_preexec=1 preexec_functions+=(__nexus_preexec) precmd_functions+=(__nexus_prompt)
        for __nexus_i in "${!PROMPT_COMMAND[@]}"; do PROMPT_COMMAND[__nexus_i]=${PROMPT_COMMAND[__nexus_i]#__nexus_prompt}; done
        return
    fi
    ! builtin shopt -q promptvars || PS0=$__nexus_note$PS0
    if [[ ${HISTCONTROL-} == *ignore@(dups|both)* && ${HISTCONTROL@a} != *r* ]]; then
        HISTCONTROL=${HISTCONTROL//ignoreboth/ignorespace} HISTCONTROL=${HISTCONTROL//ignoredups/} __nexus_repeats=1
    elif [[ ${HISTCONTROL-} != "$__nexus_control" ]]; then __nexus_repeats=0; fi
    __nexus_control=${HISTCONTROL-}
    # shellcheck disable=SC2178
    [[ $1 != start ]] || PROMPT_COMMAND=$'__nexus_prompt\n'${PROMPT_COMMAND#$'__nexus_prompt\n'}
    [[ $1 != start && (${PROMPT_COMMAND-} != __nexus_prompt || -n ${PROMPT_COMMAND[909]-}) ]] || return 0
    local -A __nexus_seen=([x__nexus_prompt]=1)
    for __nexus_part in "${PROMPT_COMMAND[@]}"; do
        __nexus_part=${__nexus_part#$'__nexus_prompt\n'}
        [[ -z $__nexus_part || -n ${__nexus_seen[x$__nexus_part]-} ]] || __nexus_parts+=("$__nexus_part")
        __nexus_seen[x$__nexus_part]=1
    done
    for __nexus_i in "${!PROMPT_COMMAND[@]}"; do PROMPT_COMMAND[__nexus_i]=''; done
    for __nexus_i in "${!__nexus_parts[@]}"; do PROMPT_COMMAND[__nexus_i]=${__nexus_parts[__nexus_i]}; done
}
__nexus_start() {
    local - IFS=$' \t\n' __nexus_boot='' __nexus_stat='' __nexus_why=''
    set +eEuxTf
    ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || __nexus_why='bash is older than 5.1'
    [[ -n ${bash_preexec_imported-}${__bp_imported-} || ${PS0@a}${PROMPT_COMMAND@a} != *r* ]] || __nexus_why='PS0 or PROMPT_COMMAND is read-only'
    [[ ${HISTTIMEFORMAT@a} != *r* ]] || __nexus_why='HISTTIMEFORMAT is read-only'
    [[ $- != *r* ]] && ! builtin shopt -q restricted_shell || __nexus_why='it is restricted'
    if [[ -n $__nexus_why ]]; then
        [[ ${__nexus_told-} == "$$" ]] || builtin printf 'nexus: this shell is not recorded: %s\n' "$__nexus_why" >&2
        __nexus_told=$$
        return
    fi
    [[ ${HISTCONTROL-} == *ignore@(space|both)* ]] && __nexus_hides=1 || __nexus_hides=${__nexus_hides-0}
    if [[ ${__nexus_shell-} != "$$" || -z ${__nexus_session-} ]]; then
        __nexus_shell=$$ __nexus_count=0 __nexus_key='' __nexus_previous='' __nexus_repeats=0 __nexus_control='' __nexus_preexec='' __nexus_given='' __nexus_at='' __nexus_took=''
        __nexus_pipe='' __nexus_empty_at=0 __nexus_folder=$PWD __nexus_status=() __nexus_begin=() __nexus_prompt=0
        # The shell's own session, as the recorder finds it: the start of the computer, this process, and its start.
        { IFS='' builtin read -r __nexus_boot </proc/sys/kernel/random/boot_id && IFS='' builtin read -r -d '' __nexus_stat <"/proc/$$/stat"; } 2>/dev/null
        # shellcheck disable=SC2206
        local -a __nexus_fields=(${__nexus_stat##*) })
        __nexus_session=${__nexus_boot:-00000000} __nexus_session=shell-${__nexus_session%%-*}-$$-${__nexus_fields[19]-0}
        # dd leaves the pipe non-blocking, which no builtin can.
        { exec {__nexus_pipe}<> <(:) && command dd if=/dev/null oflag=nonblock status=none >&"$__nexus_pipe" &&
            IFS='' builtin read -r -d '' __nexus_stat <"/proc/$$/fdinfo/$__nexus_pipe"; } 2>/dev/null
        [[ ${__nexus_stat#*flags:} =~ ^[[:space:]]*([0-7]+) ]] && ((0${BASH_REMATCH[1]} & 04000)) || __nexus_pipe=''
    fi
    declare -gA __nexus_first=([x__nexus_prompt]=0)
    [[ -n $__nexus_preexec ]] || __nexus_install start
}
__nexus_start
[[ -z ${__nexus_exports-} ]] || { unset __nexus_exports; set -a; }
fi
