# Passes each line, its statuses and its times to Nexus. Nexus never stores the line, only the name of its command, the
# outcome and the times: nexus help init.
if status is-interactive

    function __nexus_preexec --on-event fish_preexec
        set -g __nexus_folder $PWD
    end

    function __nexus_postexec --on-event fish_postexec
        set -l codes $status $pipestatus
        set -l took $CMD_DURATION
        # fish keeps neither a line that begins with a blank nor a private session in its history.
        string match -qr '^\S' -- "$argv[1]"; and not set -q fish_private_mode; or return
        string match -qir '^(on|1|true|yes)?$' -- "$NEXUS_TELEMETRY"; or return
        contains -- "$DO_NOT_TRACK" '' 0; or return
        # Searches this folder and the folders above it. The service cannot do that, because it does not know the folder
        # of a line.
        set -l up (pwd -P)
        while string match -q '/?*' -- $up
            test ! -e $up/.nexus-telemetry-off; or return
            set up (string replace -r '/[^/]*$' '' -- $up)
        end
        test ! -e /.nexus-telemetry-off; or return
        set -l session $__nexus_shell_session
        string match -qr '^[A-Za-z0-9._-]{1,64}$' -- "$NEXUS_SESSION"; and set session $NEXUS_SESSION
        string match -qr '^[0-9]+$' -- "$took"; or set took 0
        set -l root $PWD
        while string match -q '/?*' -- $root; and not test -e $root/.git
            set root (string replace -r '/[^/]*$' '' -- $root)
        end
        test "$root" != "$HOME"; or set root ''
        set -l workspace (string replace -r '.*/' '' -- "$root")
        # The setting git-workspace leaves out the name of a repository, but not a name from NEXUS_WORKSPACE.
        set -l git true
        set -q NEXUS_WORKSPACE; and set workspace "$NEXUS_WORKSPACE"; and set git false
        set workspace (string replace -a '\\' '\\\\' -- "$workspace" | string replace -a '"' '\\"' | string replace -ra '[\x00-\x1f\x7f]' '')
        set -l changed true
        test "$PWD" = "$__nexus_folder"; and set changed false
        # Other bytes than ASCII in the line become ?, because Nexus reads only the names of programs in it, and these
        # names are ASCII.
        set -l text (string sub -l 30000 -- "$argv[1]" | string collect | string replace -a '\\' '\\\\' | string replace -a '"' '\\"' | string join '\\n' | string replace -ra '[^\x20-\x7e]' '?')
        set -l json '{"shell":"fish","exit_status":'$codes[1]',"pipe_status":['(string join , $codes[2..-1])'],"duration_ms":'$took',"folder_changed":'$changed',"session_id":"'$session'","workspace":"'$workspace'","git_root":'$git',"shell_line":"'$text'"}'
        # fish cannot open a pipe without waiting for a reader, and cannot inspect an opened file. The event therefore
        # always goes to the recorder. A short-lived sh starts the recorder, so that neither $last_pid nor the list of
        # jobs contains it, and the end of the terminal does not end it.
        if command -q nexus-record
            printf '%s\n' $json | command sh -c 'trap "" HUP; exec 3<&0; nexus-record --stdin --soft <&3 >/dev/null 2>&1 &'
        end
    end

    # Sets the id of the shell's session, as `nexus record` computes it: from the boot id, the process number and its
    # start time.
    function __nexus_find_session
        set -l boot 00000000
        set -l stat
        test -r /proc/sys/kernel/random/boot_id; and read boot </proc/sys/kernel/random/boot_id
        test -r /proc/$fish_pid/stat; and read stat </proc/$fish_pid/stat
        set -l fields (string replace -r '^.*\) ' '' -- "$stat" | string split ' ')
        set -q fields[20]; or set fields[20] 0
        set -g __nexus_shell_session shell-(string replace -r -- '-.*' '' $boot)-$fish_pid-$fields[20]
    end
    __nexus_find_session

end
