# shellcheck shell=bash
# Passes each line, its statuses and its times to Nexus. Nexus never stores the line, only the name of its command, the
# outcome and the times: nexus help init.
# bash expands PS0 before it runs a line: an arithmetic expression in PS0 stores the start time and the previous status.
# PROMPT_COMMAND sends the line. The hook reads the line from the history, through a pipe that only this shell uses. It
# sets no trap. If the service runs, the hook starts no process.
# bash copies a function at each call. One function therefore has the code that every line needs, and other functions
# have the rare code.
if [[ $- == *i* ]]; then
[[ $- != *a* ]] || { __nexus_exports=1; set +a; }
# The first part of PROMPT_COMMAND. When it starts, $? and PIPESTATUS are still those of the line.
__nexus_prompt() {
    local - IFS=, HISTTIMEFORMAT=$'\1%s\2' __nexus_now=${EPOCHREALTIME/[!0-9]/} __nexus_end='' __nexus_codes=("$?" "${PIPESTATUS[@]}")
    set +aeEuxTf
    [[ -n $__nexus_key ]] || __nexus_first 2>/dev/null
    ((__nexus_count == 0)) || { __nexus_line; __nexus_number=$HISTCMD; } 2>/dev/null
    __nexus_count=0 __nexus_folder=$PWD
    [[ ${PROMPT_COMMAND-} == __nexus_prompt && ${PS0-} == *__nexus_status* && ${HISTCONTROL-} == "$__nexus_control" && $BASHOPTS == *promptvars* &&
        -z ${PROMPT_COMMAND[909]-} || -n $__nexus_preexec ]] || __nexus_install prompt
}
# bash-preexec calls this function with the line.
__nexus_preexec() { [[ $__nexus_hides == 1 && $1 == ' '* ]] || __nexus_begin=("${EPOCHREALTIME/[!0-9]/}") __nexus_given=$1 __nexus_count=1; }
# Sends the line that ran to the service, or to the recorder if no service runs. A line that bash keeps out of the
# history, for example because of ignorespace, is not recorded.
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
    # Searches this folder and the real folders above it, as the recorder does. The service cannot do that, because it
    # does not know the folder of a line.
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
    # The setting git-workspace leaves out the name of a repository, but not a name from NEXUS_WORKSPACE.
    __nexus_json+=",\"workspace\":\"$__nexus_root\",\"git_root\":$__nexus_git,\"shell_line\":\"$__nexus_text\",\"folder_changed\":"
    [[ $PWD == "$__nexus_folder" ]] && __nexus_json+='false}' || __nexus_json+='true}'
    __nexus_up=${NEXUS_DATA_DIR:-${XDG_RUNTIME_DIR-}/nexus}
    [[ -n ${NEXUS_DATA_DIR-} || $__nexus_up == /?*/nexus ]] || for __nexus_up in "${XDG_DATA_HOME-}/nexus" "${HOME-}/.local/share/nexus"; do [[ $__nexus_up != /?*/nexus ]] || break; done
    # Another program cannot replace a file between a check and its use, because the files are opened through descriptor
    # 9, the folder. The folder must belong to this user and have mode 0500. In such a folder 8<>, which does not wait
    # for a reader, cannot create a file. The mode does not stop root, so root starts the recorder. The process number
    # and start time in the file pid must belong to a nexus process that is not stopped. The pipe must have been empty
    # within the last 100 ms. Otherwise the service may be stuck, and a write to the full pipe would block the shell.
    if ((EUID && ${#__nexus_json} + 3 * ${#__nexus_root} < 4096)) && [[ ! -L $__nexus_up && ! -L $__nexus_up/run ]] && {
        [[ -O /proc/self/fd/9/. && ! -w /proc/self/fd/9/. && -f /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pid && ! -L /proc/self/fd/9/pipe ]] &&
            IFS=' ' builtin read -r __nexus_pid __nexus_since </proc/self/fd/9/pid && [[ $__nexus_pid == [1-9]* ]] &&
            IFS='' builtin read -r __nexus_state <"/proc/$__nexus_pid/stat" && [[ $__nexus_state == *'(nexus'*') '[RSDI]' '*" $__nexus_since"* ]] && {
            builtin read -r -t 0 -u 8 || __nexus_empty_at=$__nexus_now
            [[ -p /proc/self/fd/8 && -O /proc/self/fd/8 ]] && ((__nexus_now - __nexus_empty_at < 100000)) && builtin printf '%s\n' "$__nexus_json" >&8
        } 8<>/proc/self/fd/9/pipe
    } 9<"$__nexus_up/run/."; then return; fi
    # The recorder starts in a subshell, so that neither $! nor the list of jobs contains it.
    ! builtin type -P nexus-record >/dev/null || (builtin printf '%s\n' "$__nexus_json" | exec nexus-record --stdin --soft &>/dev/null &)
}
# Repeats the search for .nexus-telemetry-off without a limit of levels. Fails if it finds the file.
__nexus_deep() {
    local __nexus_up=.
    until [[ $__nexus_up -ef / || ! -e $__nexus_up || ${#__nexus_up} -gt 4096 ]]; do [[ ! -e $__nexus_up/.nexus-telemetry-off ]] || return; __nexus_up+=/..; done
    [[ ! -e /.nexus-telemetry-off ]]
}
# Escapes the line and the workspace for JSON. Other bytes than ASCII in the line become ?, because Nexus reads only the
# names of programs in it, and these names are ASCII.
__nexus_escape() {
    [[ $__nexus_root != *[[:cntrl:]]* ]] || __nexus_root=''
    __nexus_root=${__nexus_root//\\/\\\\} __nexus_root=${__nexus_root//\"/\\\"}
    local LC_ALL=C
    __nexus_text=${__nexus_text:0:30000} __nexus_text=${__nexus_text//\\/\\\\} __nexus_text=${__nexus_text//\"/\\\"}
    __nexus_text=${__nexus_text//$'\n'/\\n} __nexus_text=${__nexus_text//[$'\t\r']/ } __nexus_text=${__nexus_text//[! -~]/?}
}
# Sets __nexus_all to the last $1 entries of the history. The pipe is non-blocking. If the entries do not fit into the
# pipe, the function closes it and reads them through a subshell.
__nexus_read() {
    if [[ -n $__nexus_pipe ]]; then
        { builtin history "$1" && builtin printf '\0'; } >&"$__nexus_pipe" && IFS='' builtin read -r -d '' -u "$__nexus_pipe" __nexus_all && return
        exec {__nexus_pipe}>&-
    fi
    __nexus_pipe='' __nexus_all=$(builtin history "$1")$'\n'
}
# Removes the first entry from __nexus_all. Sets __nexus_new to its number and time, and __nexus_text to its line.
__nexus_split() {
    __nexus_new=${__nexus_all%%$'\2'*} __nexus_all=${__nexus_all#*$'\2'} __nexus_stamp=''
    __nexus_new=${__nexus_new/$'\1'/} __nexus_text=${__nexus_all%%$'\1'*}
    __nexus_text=${__nexus_text%$'\n'*} __nexus_all=${__nexus_all#"$__nexus_text"$'\n'}
}
# Stores the history entry that preceded the first line.
__nexus_first() {
    __nexus_key=0 __nexus_number=$((HISTCMD - __nexus_count))
    __nexus_read $((__nexus_count + 1))
    local __nexus_marks=${__nexus_all//[!$'\2']/}
    ((${#__nexus_marks} <= __nexus_count)) || { __nexus_split; __nexus_key=$__nexus_new __nexus_previous=$__nexus_text; }
}
# Sends all lines that ran since the previous prompt, except the last line. Some are the lines of a pasted block. Before
# them are lines from an editor (C-x C-e, v). bash runs these without PS0, so that their status and duration are
# unknown. The first entry from an editor is the line before its editing, which bash does not run. If PROMPT_COMMAND
# contains history, the function sends no line from an editor, because the entries may come from other shells. If a
# block contains comments, only its last entry certainly is a line that ran.
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
# Removes a repeated line from the history, as ignoredups would. The hook has removed ignoredups from HISTCONTROL:
# otherwise it could not distinguish a repeated line from a line that bash keeps out of the history.
# shellcheck disable=SC2206
__nexus_repeat() {
    local IFS=' *' __nexus_before __nexus_entry
    __nexus_before=($__nexus_key) __nexus_entry=($__nexus_new)
    ((__nexus_entry[0] != __nexus_before[0] + 1)) || { builtin history -d "${__nexus_entry[0]}" && __nexus_new=$__nexus_key; }
}
# Puts the hook first in PROMPT_COMMAND and its expression into PS0, also after another tool has replaced them. The
# elements of PROMPT_COMMAND change in place, because bash may be running one of them. If another tool has replaced
# element 0, the expression in PS0 adds the hook as element 909. While start files run, element 0 has both the hook and
# the existing command, because many tools copy only the first element.
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
        # The id of the shell's session, as the recorder computes it: from the boot id, the process number and its start
        # time.
        { IFS='' builtin read -r __nexus_boot </proc/sys/kernel/random/boot_id && IFS='' builtin read -r -d '' __nexus_stat <"/proc/$$/stat"; } 2>/dev/null
        # shellcheck disable=SC2206
        local -a __nexus_fields=(${__nexus_stat##*) })
        __nexus_session=${__nexus_boot:-00000000} __nexus_session=shell-${__nexus_session%%-*}-$$-${__nexus_fields[19]-0}
        # dd makes the pipe non-blocking. No builtin can do that.
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
