# Records each command's name, duration and success: nexus help init.
if status is-interactive; and not functions -q __nexus_postexec

    # Prints the plain name in a line, or nothing.
    function __nexus_find_name
        # The end of a line ends a command.
        set -l rest (string replace -a \n ';' -- "$argv[1]" | string replace -ra '\s' ' ' | string sub -l 4096)
        set -l name ''
        while true
            set rest (string trim -l -- $rest)
            set -l word (string match -r '^[^ ]+' -- $rest)
            if contains -- "$word" NEXUS_PREFIXES
                set name $word
                set rest (string sub -s (math (string length -- $word) + 1) -- $rest)
            else if string match -qr '^[A-Za-z_][A-Za-z0-9_]*=' -- $rest
                # Where it is not sure where the value ends, nothing behind it is looked at.
                set -l value (string match -r '^[A-Za-z_][A-Za-z0-9_]*=(?:\'[^\'\\\\]*\'|"[^"\\\\(]*"|[^\s\'"\\\\(){}<>;|&]*) ' -- $rest)
                or return
                set rest (string sub -s (string length -- $value) -- $rest)
            else
                break
            end
        end
        # The name, and the word behind it where nothing but blanks stands between.
        set -l found (string match -r '^\\\\?([A-Za-z0-9._/~+-]+)(?= |[;|&]|$)(?: +([a-z][a-z-]*)(?= |[;|&]|$))?' -- $rest)
        set -l word (string replace -r '^~/' "$HOME/" -- "$found[2]")
        # Only what names a command is a name: not a folder that was changed to, not a password typed too early.
        if test -n "$word"; and type -q -- $word
            set word (string replace -r '.*/' '' -- $word)
            if string match -qr '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$' -- $word
                set name $word
                if set -q found[3]; and test (string length -- $found[3]) -le NEXUS_SUBCOMMAND_BYTES
                    contains -- $word NEXUS_PROGRAMS
                    and set name "$word $found[3]"
                end
            end
        end
        test -z "$name"; or echo -- $name
    end

    function __nexus_postexec --on-event fish_postexec
        set -l code $status
        set -l took $CMD_DURATION
        string match -qr '\S' -- "$argv[1]"; or return
        string match -qir '^(on|1|true|yes)?$' -- "$NEXUS_TELEMETRY"; or return
        contains -- "$DO_NOT_TRACK" '' 0; or return
        # The service does not know which folder a line comes from.
        set -l up (pwd -P)
        while string match -q '/?*' -- $up
            test ! -e $up/.nexus-telemetry-off; or return
            set up (string replace -r '/[^/]*$' '' -- $up)
        end
        test ! -e /.nexus-telemetry-off; or return
        set -l session $__nexus_shell_session
        string match -qr '^[A-Za-z0-9._-]{1,64}$' -- "$NEXUS_SESSION"; and set session $NEXUS_SESSION
        string match -qr '^[0-9]+$' -- "$took"; or set took 0
        # 127 says that there is no such command: what was typed is no name.
        set -l name ''
        test $code -eq 127; or set name (__nexus_find_name "$argv[1]")
        set -l flags --soft --type command --session $session --duration-ms $took
        if test -n "$name"
            set -a flags --command $name
        end
        if test $code -eq 0
            set -a flags --success
        else
            set -l category exit_$code
            test $code -gt 128 -a $code -le 192; and set category signal_(math $code - 128)
            set -a flags --failure --error-category $category
        end

        # fish cannot open a pipe without waiting for a reader, nor look at what it has opened, so the event goes through the
        # recorder whether a service runs or not.
        # By way of a shell that is gone at once, so that neither $last_pid nor the list of jobs knows of it. The end of the
        # terminal does not end the recorder of the last command.
        if command -q nexus-record
            command sh -c 'trap "" HUP; nexus-record "$@" </dev/null >/dev/null 2>&1 &' sh $flags
        end
    end

    # The shell's own session, as `nexus record` finds it: the start of the computer, this process, and its start.
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
