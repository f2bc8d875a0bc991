/// Lines of NDJSON as a busy script would write them: always the same ones.
enum SampleLines {
    /// `count` lines, each without its break.
    static func make(_ count: Int) -> [[UInt8]] {
        (0..<count).map { number in Array(line(number).utf8) }
    }

    /// The same with names, a session and a command of its own in each line.
    static func makeWithFreshNames(_ count: Int) -> [[UInt8]] {
        (0..<count).map { number in
            Array(
                """
                {"timestamp":\(1_700_000_000_000 + number * 250),"session_id":"session-\(number)",\
                "event_type":"command","workspace":"workspace-\(number)","task":"task-\(number)",\
                "command":"tool\(number) build","duration_ms":\(number % 9000),"success":true}
                """.utf8)
        }
    }

    private static func line(_ number: Int) -> String {
        let command = ["swift build", "swift test --parallel", "git commit -m x", "docker compose up"][number % 4]
        return """
            {"timestamp":\(1_700_000_000_000 + number * 250),"session_id":"session-\(number % 40)",\
            "event_type":"command","workspace":"workspace-\(number % 25)","task":"task-\(number % 60)",\
            "command":"\(command)","duration_ms":\(number % 9000),"success":\(number % 8 != 0),\
            "services_count":\(number % 5)}
            """
    }
}
