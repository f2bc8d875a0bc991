import Foundation
import TestSupport
import Testing

/// Every promise of PRIVACY.md has a command to try and a test. `PrivacyTrialTests` runs the commands.
struct PrivacyPageTests {
    private let page: PrivacyPage

    init() throws {
        page = try PrivacyPage()
    }

    @Test("Each test that the page names exists")
    func testsExist() throws {
        let tests = Repository.root.appending(path: "Tests")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: tests.path).filter { $0.hasSuffix(".swift") }
        let sources = try paths.map { try String(contentsOf: tests.appending(path: $0), encoding: .utf8) }.joined()
        let names = page.claims.flatMap(\.tests)
        #expect(names.count > 30)
        for name in names { #expect(sources.contains("\"\(name)\""), "\(name)") }
    }

    @Test("Each claim is one sentence, with a command to try, what that shows, and a test")
    func claimsAreTied() {
        #expect(page.claims.count > 25)
        #expect(page.strayLines == [])
        #expect(page.preparation.count == 2)
        for claim in page.claims {
            let sentences = claim.text.split(separator: /[.!?](?:\s|$)/)
            #expect(sentences.count == 1 && claim.text.hasSuffix("."), "\(claim.text)")
            #expect(!claim.trials.isEmpty && claim.trials.allSatisfy { !$0.shown.isEmpty }, "\(claim.text)")
            #expect(!claim.tests.isEmpty, "\(claim.text)")
        }
    }
}
