import Foundation
import TestSupport
import Testing

/// The documentation catalog names types, modules, files and pages that exist, and links of all documents lead to files.
struct CatalogTests {
    struct Page: CustomStringConvertible, Sendable {
        /// The path from the root of the repository.
        let path: String
        let text: String

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
        var description: String { name }

        /// The text without blocks of code.
        var prose: String {
            var isCode = false
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
                if line.hasPrefix("```") {
                    isCode.toggle()
                    return false
                }
                return !isCode && !line.hasPrefix("    ")
            }
            return lines.joined(separator: "\n")
        }

        /// The texts between backquotes, except in blocks of code.
        var codeSpans: [String] { prose.matches(of: /`([^`\n]+)`/).map { String($0.1) } }
    }

    private static let catalog = "Sources/nexus/Nexus.docc"

    private static func page(_ path: String) -> Page? {
        (try? String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)).map {
            Page(path: path, text: $0)
        }
    }

    static let pages: [Page] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(of: catalog))) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().compactMap { page(catalog + "/" + $0) }
    }()

    /// The documents that are read outside of the catalog.
    static let documents: [Page] = [
        "README.md", "PRIVACY.md", "CHANGELOG.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md",
    ].compactMap { page($0) }

    private static func path(of name: String) -> String { Repository.root.appending(path: name).path }
    private static func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(of: name)) }

    private static func types(in text: String) -> [String] {
        text.matches(of: /(?:struct|class|enum|actor|protocol|typealias) ([A-Z]\w*)/).map { String($0.1) }
    }

    /// Types that are declared in Sources.
    private static let types = Set(Layers.files.flatMap { types(in: $0.text) })

    /// Types that are declared in the program.
    private static let programTypes = Set(
        Layers.files.filter { $0.module == "nexus" }.flatMap { types(in: $0.text) })

    /// Types that are declared in Tests.
    private static let testTypes: Set<String> = {
        let tests = path(of: "Tests")
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: tests)) ?? []
        return Set(
            names.filter { $0.hasSuffix(".swift") }.flatMap { name in
                types(in: (try? String(contentsOfFile: tests + "/" + name, encoding: .utf8)) ?? "")
            })
    }()

    @Test("The catalog has the pages that describe use and structure")
    func pagesExist() {
        let names = [
            "Nexus", "Commands", "RecordingYourShell", "RecordingProtocols", "ReadingReports", "Backup", "SendingData",
            "Promises", "Architecture", "LifeOfAnEvent", "LocksAndProcesses", "Formats", "Decisions",
        ]
        #expect(Set(Self.pages.map(\.name)).isSuperset(of: names.map { $0 + ".md" }))
        #expect(Self.documents.count == 5)
    }

    @Test(
        "No page has the name of a module or of a type of the program, which DocC gives the same address",
        arguments: pages)
    func namesAreFree(page: Page) {
        let name = String(page.name.dropLast(3))
        // The page of the module itself.
        guard name != "Nexus" else { return }
        #expect(Layers.allowed[name] == nil && !Self.programTypes.contains(name))
    }

    @Test("Every type, module, member and test that a page names is declared", arguments: pages)
    func namesExist(page: Page) {
        let names = page.codeSpans.filter { $0.wholeMatch(of: /[A-Z]\w*[a-z]\w*/) != nil }
        for name in names {
            let isKnown = name.hasSuffix("Tests") ? Self.testTypes.contains(name) : Self.types.contains(name)
            #expect(isKnown || Layers.allowed[name] != nil, "\(page) names \(name)")
        }
        for span in page.codeSpans {
            guard let match = span.wholeMatch(of: /([A-Z]\w+)\.([a-z]\w+)/), match.2 != "swift" else { continue }
            let declaration = try? Regex("(?:let|var|func|case) \(match.2)\\b")
            #expect(Self.types.contains(String(match.1)), "\(page) names \(span)")
            #expect(Layers.files.contains { file in declaration.map { file.text.contains($0) } ?? false }, "\(span)")
        }
        if ["Architecture.md", "LifeOfAnEvent.md", "LocksAndProcesses.md", "Formats.md", "Decisions.md"]
            .contains(page.name)
        {
            #expect(names.count > 10)
        }
    }

    @Test("Every page that is linked exists, and every page is in the list of topics", arguments: pages)
    func linksExist(page: Page) {
        for match in page.prose.matches(of: /<doc:([^>]+)>/) {
            #expect(Self.pages.contains { $0.name == match.1 + ".md" }, "\(page) links \(match.1)")
        }
        guard page.name != "Nexus.md" else { return }
        let contents = Self.pages.first { $0.name == "Nexus.md" }
        #expect(contents?.text.contains("- <doc:\(page.name.dropLast(3))>") == true, "\(page) is not a topic")
    }

    @Test("Every file that a page names exists", arguments: pages + documents)
    func filesExist(page: Page) {
        for span in page.codeSpans {
            let name = String(span.prefix { $0 != " " })
            if name.hasSuffix(".swift"), !name.contains("/") {
                #expect(Layers.files.contains { $0.path.hasSuffix("/" + name) }, "\(page) names \(name)")
            } else if name.wholeMatch(of: /(Sources|Tests|Scripts|Fixtures|Benchmarks|\.github)\/[\w.\/-]+/) != nil {
                #expect(Self.exists(name), "\(page) names \(name)")
            }
        }
    }

    @Test("Every link to a file and every picture of a document exists", arguments: pages + documents)
    func filesBehindLinksExist(page: Page) {
        let folder = page.path.contains("/") ? page.path.split(separator: "/").dropLast().joined(separator: "/") : ""
        for match in page.prose.matches(of: /(!?)\[[^\]]*\]\(([^)\s]+)\)/) {
            let target = match.2.prefix { $0 != "#" }
            guard !target.isEmpty, !target.contains("://") else { continue }
            let isInCatalog = page.path.hasPrefix(Self.catalog)
            // A page of the catalog has its pictures in Resources, and links other pages by <doc:>.
            #expect(!isInCatalog || match.1 == "!", "\(page) links \(target) by its path")
            let path = (isInCatalog ? folder + "/Resources" : folder) + "/" + target
            #expect(Self.exists(path.hasPrefix("/") ? String(path.dropFirst()) : path), "\(page) links \(target)")
        }
    }

    @Test("The README has at most 150 lines, and states the system, the licence and its terms")
    func readmeIsShort() throws {
        let text = try #require(Self.documents.first { $0.name == "README.md" }).text
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 151)
        for part in [
            "runs on Linux only", "has not chosen a licence", "The hook does not record:", "\n| workspace |",
            "\n| task |",
            "\n| template |", "\n| session |", "Resources/stats.svg", "Benchmarks/Charts/",
        ] {
            #expect(text.contains(part), "\(part)")
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
