import TestSupport

/// Lines of shell that a grammar makes: quotes, substitutions, redirections, compound commands, functions and lists.
///
/// Every bracket that it opens it closes, so that a line put inside of a function stays inside of it.
struct GeneratedLines {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    static let programs = [
        "make", "git", "ls", "echo", "cat", "grep", "./run.sh", "/opt/none/env", "sudo", "docker", "true", "cd", "test",
        "npm", "python3",
    ]
    private static let words = [
        "a", "-x", "--opt=v", "\"two words\"", "'single q'", "$HOME", "${x:-y}", "$(date)", "`id`", "a\\ b", "*.c",
        "x{1,2}", "\"$(ls \"a b\")\"", "$'\\t'", "~/d", "file.txt", "2", "\"${a[@]}\"", "$((1+2))", "\"a;b|c\"", "'&&'",
        "\\;", "a#b", "<(ls)", "\"`x`\"", "${x#\"}\"}", "\"a\\\"b\"",
    ]
    static let assignments = ["FOO=1", "A=\"b c\"", "B=$(x y)", "C+=d"]
    private static let redirections = [
        " >out", " 2>&1", " </dev/null", " &>x", " >>y", " 2>/dev/null", " <<<\"a;b\"", " >|z",
    ]

    private mutating func one(_ choices: [String]) -> String {
        choices[Int.random(in: choices.indices, using: &random)]
    }

    private mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    /// Returns the next line.
    mutating func next() -> String {
        list(Int.random(in: 0...3, using: &random)) + (happens(5) ? " # note; ) } done" : "")
    }

    private mutating func simple() -> String {
        var text = happens(15) ? one(Self.assignments) + " " : ""
        text += one(Self.programs)
        for _ in 0..<Int.random(in: 0...4, using: &random) { text += " " + one(Self.words) }
        return happens(20) ? text + one(Self.redirections) : text
    }

    private mutating func command(_ depth: Int) -> String {
        guard depth > 0 else { return simple() }
        let inner = depth - 1
        switch Int.random(in: 0..<100, using: &random) {
        case ..<60: return simple()
        case ..<66: return "( \(list(inner)) )"
        case ..<72: return "{ \(list(inner)); }"
        case ..<77: return "if \(list(inner)); then \(list(inner))\(happens(50) ? "; else " + list(inner) : ""); fi"
        case ..<82: return "for i in \(one(Self.words)) \(one(Self.words)); do \(list(inner)); done"
        case ..<86: return "while \(list(inner)); do \(list(inner)); done"
        case ..<90:
            return "case \(one(Self.words)) in a|b) \(list(inner));; (c) \(list(inner)) ;& *) \(list(inner));; esac"
        case ..<92: return "[[ \(one(["-f x", "a == b && c < d", "$x =~ (a|b)"])) ]]"
        case ..<94: return "(( x \(one(["> 1", "<< 2", "+= (1+2)"])) ))"
        case ..<96: return "f\(Int.random(in: 1...9, using: &random))() { \(list(inner)); }"
        case ..<98: return "until \(list(inner)); do \(list(inner)); done"
        default: return "! " + simple()
        }
    }

    private mutating func pipeline(_ depth: Int) -> String {
        let joint = one([" | ", " | ", " |& ", " |\n"])
        let prefix = happens(8) ? one(["time ", "! "]) : ""
        let count = [1, 1, 1, 1, 2, 2, 3][Int.random(in: 0..<7, using: &random)]
        var parts: [String] = []
        for _ in 0..<count { parts.append(command(depth)) }
        return prefix + parts.joined(separator: joint)
    }

    private mutating func list(_ depth: Int) -> String {
        var text = pipeline(depth)
        for _ in 0..<[0, 0, 0, 1, 1, 2][Int.random(in: 0..<6, using: &random)] {
            text += one([" && ", " || ", "; ", "; ", " & ", "\n", " &&\n"]) + pipeline(depth)
        }
        return text
    }
}
