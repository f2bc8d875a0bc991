import Foundation
import TestSupport
import Testing

/// What PRIVACY.md tells a person to try does show what the page says.
struct PrivacyTrialTests {
    @Test("Every command of the page runs, in order, and shows what the page states")
    func trials() throws {
        let page = try PrivacyPage()
        let trials = page.claims.flatMap(\.trials)
        let outputs = try run(page.preparation, trials.map(\.command))
        #expect(outputs.count == trials.count)
        for (trial, output) in zip(trials, outputs) {
            #expect(output.status == 0, "\(trial.command)\n\(output.text)")
            for text in trial.shown { #expect(output.text.contains(text), "\(trial.command)\n\(output.text)") }
            for sign in ["command not found", "Usage:", "syntax error", "No such file or directory"] {
                #expect(!output.text.contains(sign), "\(trial.command)\n\(output.text)")
            }
        }
    }

    /// Runs lines in one bash on a terminal, as a person would who has Nexus on the path; what each showed, and its status.
    private func run(_ preparation: [String], _ lines: [String]) throws -> [(status: Int, text: String)] {
        let program = try Program()
        var script = preparation
        for (number, line) in lines.enumerated() {
            script += ["printf '\\n@begin \(number)@\\n'", line, "printf '\\n@end %d@\\n' $?"]
        }
        let path = program.folder.path + "/page.sh"
        try Data(script.joined(separator: "\n").utf8).write(to: URL(filePath: path))
        let process = program.process([
            "180", "/usr/bin/script", "-qec", "bash --noprofile --norc '\(path)'", "/dev/null",
        ])
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.environment = [
            "PATH": Program.url.deletingLastPathComponent().path + ":/usr/bin:/bin", "HOME": program.folder.path,
            "TMPDIR": program.folder.path, "TERM": "dumb", "SHELL": "/bin/sh", "LANG": "C.UTF-8",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
        return text.matches(of: /(?s)@begin \d+@\n(.*?)\n@end (\d+)@/).map {
            (Int($0.output.2) ?? -1, String($0.output.1))
        }
    }
}
