import Foundation
import TestSupport
import Testing

/// PRIVACY.md promises nothing that no test holds.
struct PrivacyPageTests {
    private static let page: [Substring] =
        (try? String(contentsOf: Repository.root.appending(path: "PRIVACY.md"), encoding: .utf8))?
        .split(separator: "\n", omittingEmptySubsequences: false) ?? []

    private static var testNames: [String] {
        page.filter { $0.hasPrefix("- Test: `") }.map { String($0.dropFirst("- Test: `".count).dropLast()) }
    }

    @Test("Each test that the page names exists")
    func testsExist() throws {
        let tests = Repository.root.appending(path: "Tests")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: tests.path).filter { $0.hasSuffix(".swift") }
        let sources = try paths.map { try String(contentsOf: tests.appending(path: $0), encoding: .utf8) }.joined()
        #expect(Self.testNames.count > 20)
        for name in Self.testNames { #expect(sources.contains("\"\(name)\""), "\(name)") }
    }

    @Test("Each claim names a command to try and a test")
    func claimsAreTied() {
        // A claim is a paragraph; a list of how to see it follows. The last section says what is not promised.
        let text = Self.page.joined(separator: "\n").split(separator: "\n## ")
        for section in text.dropFirst().dropLast() {
            let blocks = section.split(separator: "\n\n").dropFirst()
            for (claim, proof) in zip(blocks, blocks.dropFirst()) where !claim.hasPrefix("- ") {
                #expect(proof.hasPrefix("- Try: `") && proof.contains("\n- Test: `"), "\(claim)")
            }
        }
        #expect(text.count == 7)
    }
}
