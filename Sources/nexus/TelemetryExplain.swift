import ArgumentParser
import Core
import Reports
import SystemSupport

extension TelemetryCommand {
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Show which parts of an event would be stored, and by which rules.",
            discussion: """
                The line passes the same checks as a recorded line, but it is not stored, and no file changes. Without \
                a line, the command lists the rules.

                EXAMPLES
                  nexus telemetry explain
                  nexus telemetry explain '{"command":"git push --force"}'
                """)

        @Argument(help: ArgumentHelp("The event, one JSON object.", valueName: "json line"))
        var line: String?

        @Flag(help: "Apply the rules of 'nexus record --stdin --strict'.")
        var strict = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            guard let line else {
                return try CommandContext.current.write(
                    json ? PrivacyRulesReport.json.document : PrivacyRulesReport.text)
            }
            let report = try ExplanationReport(
                line, strict: strict, keyOf: .fromEnvironment(CommandContext.current.environment))
            if let problem = report.problem {
                throw CommandFailure(
                    "cannot explain the line: \(problem); give one event as a JSON object", .rejectedInput)
            }
            try CommandContext.current.write(json ? report.json.document : report.text)
        }
    }
}
