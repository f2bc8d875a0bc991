import Foundation
import TestSupport
import Testing

/// The documentation catalog names types, modules, files and pages that exist.
struct CatalogTests {
    struct Page: CustomStringConvertible, Sendable {
        let name: String
        let text: String

        var description: String { name }

        /// The texts between backquotes, except in blocks of code.
        var codeSpans: [String] {
            let prose = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("    ") }
            return prose.joined(separator: "\n").matches(of: /`([^`\n]+)`/).map { String($0.1) }
        }
    }

    private static let folder = Repository.root.appending(path: "Sources/nexus/Nexus.docc")

    static let pages: [Page] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().compactMap { name in
            (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)).map { Page(name: name, text: $0) }
        }
    }()

    /// Types that are declared in Sources.
    private static let types: Set<String> = {
        var types: Set<String> = []
        for file in Layers.files {
            for match in file.text.matches(of: /(?:struct|class|enum|actor|protocol|typealias) ([A-Z]\w*)/) {
                types.insert(String(match.1))
            }
        }
        return types
    }()

    @Test("The catalog has the pages that describe the structure")
    func pagesExist() {
        #expect(Set(Self.pages.map(\.name)).isSuperset(of: ["Nexus.md", "Architecture.md", "LifeOfAnEvent.md"]))
    }

    @Test("Every type and module that a page names is declared", arguments: pages)
    func namesExist(page: Page) {
        let names = page.codeSpans.filter { $0.wholeMatch(of: /[A-Z][A-Za-z0-9]+/) != nil }
        for name in names {
            #expect(Self.types.contains(name) || Layers.allowed[name] != nil, "\(page) names \(name)")
        }
        if page.name != "Nexus.md" { #expect(names.count > 10) }
    }

    @Test("Every page that is linked exists", arguments: pages)
    func linksExist(page: Page) {
        for match in page.text.matches(of: /<doc:([^>]+)>/) {
            #expect(Self.pages.contains { $0.name == match.1 + ".md" }, "\(page) links \(match.1)")
        }
    }

    @Test("Every file that a page names exists", arguments: pages)
    func filesExist(page: Page) {
        for name in page.codeSpans where name.hasSuffix(".swift") && name.contains("/") {
            let path = Repository.root.appending(path: name).path
            #expect(FileManager.default.fileExists(atPath: path), "\(page) names \(name)")
        }
    }

    @Test("The architecture lists every module once, in an order in which each imports only those before it")
    func modulesAreListed() throws {
        let page = try #require(Self.pages.first { $0.name == "Architecture.md" })
        let modules = page.text.matches(of: /(?m)^\| `([^`]+)` \|/).map { String($0.1) }
        #expect(Set(modules) == Set(Layers.allowed.keys) && modules.count == Layers.allowed.count)
        for (index, module) in modules.enumerated() {
            #expect(Layers.allowed[module]?.isSubset(of: modules[..<index]) == true, "\(module)")
        }
    }
}
