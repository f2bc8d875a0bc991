import Core
import Foundation
import Sync
import SystemSupport
import TestSupport
import Testing

@Suite("The egress ledger")
struct LedgerTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    private var path: String { data.ledgerPath }

    init() throws {
        folder = try TemporaryFolder()
        try folder.data.folder.prepare()
    }

    private func transfer(
        _ range: ClosedRange<Int64>, to destination: String = "https://there:443", store: String = "s"
    ) -> Transfer {
        Transfer(
            destination: destination, store: store, installation: String(repeating: "a", count: 32), range: range,
            rows: range.count, bytes: 100, sha256: String(repeating: "0", count: 64))
    }

    private func open() throws -> Ledger {
        guard let ledger = try Ledger.open(in: data) else { throw SyncError.alreadySending }
        return ledger
    }

    /// A ledger of three confirmed transfers.
    private func fill(_ transfers: Int64 = 3) throws {
        var ledger = try open()
        for start in stride(from: 1, to: transfers * 10, by: 10) {
            try ledger.append(.intent, transfer(start...start + 9), at: 1_800_000_000_000)
            try ledger.append(.sent, transfer(start...start + 9), at: 1_800_000_001_000)
        }
    }

    private func lines() throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func write(_ lines: [String]) throws {
        try lines.map { $0 + "\n" }.joined().write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test("A line has the time, destination, range, numbers of rows and bytes, and their SHA-256")
    func content() throws {
        try fill()
        let line = try #require(try lines().first)
        let values = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(
            values.keys.sorted() == [
                "at", "bytes", "destination", "event", "first", "installation", "last", "line", "previous", "rows",
                "sha256", "store",
            ])
        let zeros = String(repeating: "0", count: 64)
        #expect(
            line == #"{"at":"2027-01-15T08:00:00.000Z","bytes":100,"destination":"https://there:443","event":"intent","#
                + #""first":1,"installation":"\#(String(repeating: "a", count: 32))","last":10,"line":1,"#
                + #""previous":"\#(zeros)","rows":10,"sha256":"\#(zeros)","store":"s"}"#)
        #expect(values["at"] as? String == "2027-01-15T08:00:00.000Z")
        #expect(values["previous"] as? String == String(repeating: "0", count: 64))
        #expect(try LedgerReader.read(data).chain.lines == 6)
    }

    @Test("The ledger and its head are readable by the owner alone")
    func permissions() throws {
        try fill()
        for file in [path, data.ledgerHeadPath] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("A data folder without a ledger is valid")
    func empty() throws {
        #expect(try LedgerReader.read(data).damage == nil)
    }

    @Test("Every changed byte of every line is detected")
    func altered() throws {
        try fill(1)
        let bytes = try Data(contentsOf: URL(filePath: path))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            try changed.write(to: URL(filePath: path))
            #expect(try LedgerReader.read(data).damage != nil, "byte \(index)")
        }
    }

    @Test("Every removed, duplicated or moved line is detected, also the last ones", arguments: 0..<6)
    func removed(index: Int) throws {
        try fill()
        let lines = try lines()
        var changed = lines
        changed.remove(at: index)
        try write(changed)
        #expect(try LedgerReader.read(data).damage != nil)
        try write(Array(lines[..<index]))
        #expect(try LedgerReader.read(data).damage == .shortened(lines: index, expected: 6))
        changed = lines
        changed.insert(lines[index], at: index)
        try write(changed)
        #expect(try LedgerReader.read(data).damage != nil)
        changed = lines
        changed.swapAt(index, (index + 1) % 6)
        try write(changed)
        #expect(try LedgerReader.read(data).damage != nil)
    }

    @Test("A removed ledger is detected")
    func gone() throws {
        try fill()
        try FileManager.default.removeItem(atPath: path)
        #expect(try LedgerReader.read(data).damage == .shortened(lines: 0, expected: 6))
    }

    @Test("An altered ledger is not continued")
    func refused() throws {
        try fill()
        try write(Array(try lines().dropLast()))
        #expect(throws: SyncError.damagedLedger(path: path, .shortened(lines: 5, expected: 6))) {
            _ = try Ledger.open(in: data)
        }
    }

    @Test("A torn line of a killed process is removed, and nothing else", arguments: [1, 40, 300])
    func torn(length: Int) throws {
        try fill()
        let before = try Data(contentsOf: URL(filePath: path))
        try (before + before.prefix(length)).write(to: URL(filePath: path))
        let findings = try LedgerReader.read(data)
        #expect(findings.isTorn && findings.damage == nil)
        _ = try Ledger.open(in: data)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    @Test("A process killed between a line and the head leaves a valid ledger")
    func headBehind() throws {
        try fill()
        let head = try String(contentsOfFile: data.ledgerHeadPath, encoding: .utf8)
        do {
            var ledger = try open()
            try ledger.append(.intent, transfer(31...40), at: 0)
        }
        try head.write(toFile: data.ledgerHeadPath, atomically: false, encoding: .utf8)
        #expect(try LedgerReader.read(data).damage == nil)
        _ = try Ledger.open(in: data)
        #expect(try String(contentsOfFile: data.ledgerHeadPath, encoding: .utf8).hasPrefix("7 "))
    }

    @Test(
        "An invalid head, or one of another ledger, is detected",
        arguments: ["", "6\n", "x y\n", "2 " + String(repeating: "0", count: 64) + "\n"])
    func wrongHead(text: String) throws {
        try fill()
        try text.write(toFile: data.ledgerHeadPath, atomically: false, encoding: .utf8)
        #expect(try LedgerReader.read(data).damage == .head)
    }

    @Test("One process at a time writes the ledger")
    func exclusive() throws {
        let first = try open()
        #expect(throws: SyncError.alreadySending) { _ = try open() }
        _ = consume first
        _ = try open()
    }

    @Test("The ledger knows the progress of each destination with this database")
    func progress() throws {
        try fill()
        var ledger = try open()
        try ledger.append(.sent, transfer(1...5, to: "file:///x"), at: 0)
        try ledger.append(.intent, transfer(6...9, to: "file:///x"), at: 0)
        #expect(ledger.progress.cursor(of: "https://there:443", store: "s") == 30)
        #expect(ledger.progress.unconfirmed(at: "https://there:443", store: "s").isEmpty)
        #expect(ledger.progress.cursor(of: "file:///x", store: "s") == 5)
        #expect(ledger.progress.unconfirmed(at: "file:///x", store: "s") == [transfer(6...9, to: "file:///x")])
        #expect(ledger.progress.cursor(of: "file:///x", store: "another") == 0)
    }
}
