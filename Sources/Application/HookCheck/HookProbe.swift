import Core
import Intake
import SystemSupport

/// The script that the shell reads in a check. It writes the state of the hook into a file, one `name=value` per line.
/// Then it makes the check's data folder the data folder of the shell.
struct HookProbe {
    private let shell: ShellDialect
    private let answerPath: String
    private let data: DataFolder
    private let historyPath: String
    let scriptPath: String

    init(shell: ShellDialect, scratch: Folder, data: DataFolder) {
        self.shell = shell
        self.data = data
        answerPath = scratch.path(of: "answer")
        historyPath = scratch.path(of: "history")
        scriptPath = scratch.path(of: "probe")
    }

    /// The line to type, which runs the script.
    var line: String {
        switch shell {
        case .bash, .zsh: "\\builtin . \(Self.quoted(scriptPath))"
        case .fish: "source \(Self.quoted(scriptPath))"
        }
    }

    /// Returns a path in single quotes for a shell. Quotes in the path are escaped.
    private static func quoted(_ path: String) -> String { "'" + path.replacing("'", with: #"'\''"#) + "'" }

    /// Returns the values that the script has written, by their names, and the check's data folder as `scratch`. Nil
    /// until the script has written all values.
    func answer() -> [String: String]? {
        guard let file = try? File(opening: answerPath, [.read, .regular]) else { return nil }
        var bytes: [UInt8] = []
        while (try? file.read(appendingTo: &bytes, limit: Limits.lineBytes)) ?? 0 > 0, bytes.count < Limits.lineBytes {}
        var answer: [String: String] = [:]
        for line in bytes.text.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            answer[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        guard answer["end"] != nil else { return nil }
        answer["scratch"] = data.folder.path
        return answer
    }

    /// The script. It runs only builtins of the shell, because the start files may have broken the PATH.
    var script: String {
        let (answer, data, history) = (
            Self.quoted(answerPath), Self.quoted(data.folder.path), Self.quoted(historyPath)
        )
        return switch shell {
        case .bash:
            """
            {
                \\builtin printf '%s=%s\\n' version "$BASH_VERSION" data "${NEXUS_DATA_DIR-}" folder "$(\\builtin pwd -P)"
                \\builtin printf '%s=%s\\n' telemetry "${NEXUS_TELEMETRY-}" track "${DO_NOT_TRACK-}"
                \\builtin printf '%s=%s\\n' nexus "$(\\builtin type -P nexus)" recorder "$(\\builtin type -P nexus-record)"
                if \\builtin declare -F __nexus_prompt >/dev/null; then \\builtin printf 'hook=1\\n'; fi
                case "${PROMPT_COMMAND[*]} ${precmd_functions[*]} ${PS0-}" in *__nexus_*) \\builtin printf 'installed=1\\n' ;; esac
                \\builtin shopt -qo history && [[ ${HISTSIZE-1} != 0 ]] || \\builtin printf 'history=0\\n'
                \\builtin printf 'end=\\n'
            } >|\(answer) 2>/dev/null
            \\builtin export NEXUS_DATA_DIR=\(data)
            HISTFILE=\(history)

            """
        case .zsh:
            """
            \\builtin emulate zsh -c '
            {
                \\builtin print -r -- "version=$ZSH_VERSION"
                \\builtin print -r -- "data=${NEXUS_DATA_DIR-}"
                \\builtin print -r -- "folder=$(\\builtin pwd -P)"
                \\builtin print -r -- "telemetry=${NEXUS_TELEMETRY-}"
                \\builtin print -r -- "track=${DO_NOT_TRACK-}"
                \\builtin print -r -- "nexus=$(\\builtin whence -p nexus)"
                \\builtin print -r -- "recorder=$(\\builtin whence -p nexus-record)"
                \\builtin whence -f __nexus_precmd >/dev/null && \\builtin print hook=1
                [[ " $precmd_functions $preexec_functions " == *" __nexus_"* ]] && \\builtin print installed=1
                \\builtin print end=
            } >|"$__nexus_answer" 2>/dev/null
            '
            \\builtin export NEXUS_DATA_DIR=\(data)
            HISTFILE=\(history)

            """.replacing("\"$__nexus_answer\"", with: answer.replacing("'", with: #"'\''"#))
        case .fish:
            """
            begin
                printf '%s=%s\\n' version $version data "$NEXUS_DATA_DIR" folder (builtin pwd -P)
                printf '%s=%s\\n' telemetry "$NEXUS_TELEMETRY" track "$DO_NOT_TRACK"
                printf '%s=%s\\n' nexus (command -s nexus; or echo) recorder (command -s nexus-record; or echo)
                functions -q __nexus_postexec; and printf 'hook=1\\ninstalled=1\\n'
                printf 'end=\\n'
            end >\(answer) 2>/dev/null
            set -gx NEXUS_DATA_DIR \(data)

            """
        }
    }
}
