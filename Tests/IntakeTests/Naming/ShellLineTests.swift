import Core
import Intake
import TestSupport
import Testing

struct ShellLineTests {
    @Test("Every line of the table makes its event")
    func table() throws {
        let rows = try ShellLineRow.all()
        #expect(rows.count >= 200)
        for row in rows {
            for shell in row.shells {
                let event = ShellLine(row.line.utf8, shell: shell).event(row.result)
                #expect(event == row.event, "\(shell): \(row.line.debugDescription)")
            }
        }
    }

    @Test("The arguments of a program make the event of the line that has them as plain words")
    func arguments() throws {
        for row in try ShellLineRow.all() {
            let words = row.line.split(separator: " ").map(String.init)
            let isPlain = row.line.utf8.allSatisfy { byte in
                byte != 0x23 && byte != 0x7E
                    && "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./: ".utf8.contains(byte)
            }
            guard isPlain, let event = row.event, row.shells.count == ShellDialect.allCases.count,
                words.first != "time",
                words.first != "not", event.type == .command
            else { continue }
            #expect(ShellLine(arguments: words).event(row.result) == event, "\(row)")
        }
    }

    @Test("A line in the background keeps its name, whatever the pipeline before it left in the statuses")
    func staleStatuses() {
        let result = ShellResult(status: 0, pipeStatus: [127])
        #expect(ShellLine("make &".utf8).event(result)?.command == "make")
        #expect(ShellLine("make".utf8).event(ShellResult(status: 127, pipeStatus: [127]))?.command == "")
        #expect(ShellLine("hunter2 | cat".utf8).event(ShellResult(status: 0, pipeStatus: [127, 0]))?.command == "")
    }

    @Test("bash's part of a pasted block is named by its own line")
    func parts() {
        let block =
            "cd x\n# note\nmake && make lint\n\nfor f in *; do\n  ls\ndone\nf() {\n  true\n}\ncat <<E\ngit status\nE\ngit push |\n  cat"
        let names = (0...6).map { ShellLine(block.utf8, part: $0) }
        #expect(names.map(\.command.name) == ["cd", "make", "ls", "", "cat", "git push", ""])
        #expect(names.map(\.kind) == [.command, .commandLine, .commandLine, .nothing, .command, .command, .nothing])
    }

    @Test(
        "The longest lines and the deepest brackets take bounded time",
        arguments: [
            "(", "$(", "((a)", "((a);", "{ ", "(a|", "a=$(", "<<a ", "\"$(", "case x in ", "`", "if ", "! ", "'\n",
            "f() ", "sudo ", "${x:-",
        ])
    func bounds(piece: String) {
        let line = Array(String(repeating: piece, count: Limits.lineBytes / piece.utf8.count).utf8)
        for shell in ShellDialect.allCases {
            let time = ContinuousClock().measure { _ = ShellLine(line, shell: shell).event() }
            #expect(time < .seconds(5), "\(shell)")
        }
    }

    @Test("10,000 nested brackets are one command")
    func nesting() {
        let depth = 10_000
        for (open, close) in [("(", ")"), ("{ ", "; }"), ("echo $(", ")"), ("echo \"$(", ")\"")] {
            let line =
                String(repeating: open, count: depth / (open.utf8.count > 3 ? 2 : 1)) + "make"
                + String(repeating: close, count: depth / (open.utf8.count > 3 ? 2 : 1))
            #expect(ShellLine(line.utf8).kind == .command, "\(open)")
        }
    }

    @Test("Each name of the lists can be stored, but for those that only wrap")
    func lists() {
        for rule in CommandRules.namedPrograms {
            #expect(CommandRules.name([ShellWord(rule)]).name.isEmpty == [":"].contains(rule), "\(rule)")
        }
        #expect(CommandRules.namedPrograms.count > 100)
    }
}
