package import EventModel

/// Every rule on what may be kept of an event: what it does, and why. `PrivacyGuard` and `SecretRules` carry them out,
/// `nexus telemetry explain` names them, and a test holds each to its word.
package enum PrivacyRule: String, CaseIterable, Sendable {
    case hashedName = "hashed-name"
    case givenHash = "given-hash"
    case plainCommand = "plain-command"
    case identifier
    case session
    case number
    case time
    case outcome
    case knownToken = "known-token"
    case randomText = "random-text"
    case unknownKey = "unknown-key"
    case strictLine = "strict-line"

    /// What the rule does.
    package var effect: String {
        switch self {
        case .hashedName: "only the first 16 bytes of its HMAC-SHA256 under the local key are kept, in hexadecimal"
        case .givenHash:
            "kept as it is when it is \(Limits.hashCharacters) hexadecimal digits, else the event is refused"
        case .plainCommand:
            "the first words of letters, digits and . _ : - are kept, at most \(Limits.commandWords) of at most "
                + "\(Limits.commandWordBytes) characters; the first other one cuts the rest off"
        case .identifier:
            "kept when it is at most \(Limits.identifierBytes) letters, digits and . _ -, else the event is refused"
        case .session:
            "kept when it is at most \(Limits.sessionBytes) letters, digits and . _ -, else the event is refused"
        case .number: "a whole number in its range is kept, anything else refuses the event"
        case .time: "kept to the millisecond, in UTC"
        case .outcome: "true or false is kept"
        case .knownToken: "the event is refused: a word begins as the keys and tokens of a known service do"
        case .randomText:
            "the event is refused: a word of \(PrivacyRules.randomTextBytes) characters or more changes between letters and "
                + "digits as random text does"
        case .unknownKey: "dropped and counted, with its value; --strict refuses the line"
        case .strictLine: "a line that is not strictly one JSON object of at most \(Limits.lineBytes) bytes is refused"
        }
    }

    /// Why there is such a rule.
    package var reason: String {
        switch self {
        case .hashedName: "names tell of clients, projects and people; without the key nobody can try names against it"
        case .givenHash: "a program may hash by itself; anything else in its place could be the name"
        case .plainCommand: "what was run matters; flags, paths, quotes and values are where the private things are"
        case .identifier: "free text would let anything in"
        case .session: "it links events and means nothing by itself"
        case .number: "a number says how long or how many, and a text in its place could say anything"
        case .time: "when something happened is what reports are about"
        case .outcome: "whether it went well is what reports are about"
        case .knownToken:
            "a secret that was stored cannot be taken back, an event that was refused can be sent again; known are those of "
                + PrivacyRules.tokenServices.map(\.name).joined(separator: ", ")
        case .randomText: "secrets of services that nobody has listed are random text"
        case .unknownKey: "what has no meaning here has no business on the disk"
        case .strictLine: "what can be read in two ways can hide something from one of them"
        }
    }

    /// The rule that decides what is kept of a field that is no secret.
    package static func keeping(_ field: EventField) -> PrivacyRule {
        switch field {
        case .workspace, .task: .hashedName
        case .workspaceHash, .taskHash: .givenHash
        case .command: .plainCommand
        case .eventType, .errorCategory, .templateUsed: .identifier
        case .sessionID: .session
        case .durationMS, .servicesCount, .portsUsed: .number
        case .timestamp: .time
        case .success: .outcome
        }
    }
}

/// The figures and lists of the rules.
enum PrivacyRules {
    /// From this length on a word may be random text: names and versions are rarely longer without a break.
    static let randomTextBytes = 20
    /// So many changes between letters and digits make it one: `release-2026-11` has none that count, `python3` one.
    static let randomTextChanges = 3

    /// How keys and tokens of a service begin, and how long one is at least. What is shorter is a name that happens to
    /// begin so.
    struct TokenKind {
        let prefix: String
        let length: Int

        init(_ prefix: String, _ length: Int) {
            self.prefix = prefix
            self.length = length
        }
    }

    /// The services whose keys and tokens are known, each with how those begin.
    static let tokenServices: [(name: String, kinds: [TokenKind])] = [
        ("Amazon", [.init("AKIA", 16), .init("ASIA", 16), .init("AROA", 16), .init("AIDA", 16)]),
        ("Google", [.init("AIza", 20), .init("ya29.", 16), .init("GOCSPX-", 16)]),
        (
            "GitHub",
            [
                .init("ghp_", 12), .init("gho_", 12), .init("ghu_", 12), .init("ghs_", 12), .init("ghr_", 12),
                .init("github_pat_", 16),
            ]
        ),
        (
            "GitLab",
            [
                .init("glpat-", 12), .init("gldt-", 12), .init("glrt-", 12), .init("glcbt-", 12), .init("glptt-", 12),
                .init("glsoat-", 12), .init("glft-", 12),
            ]
        ),
        ("Atlassian", [.init("ATATT3", 16), .init("ATBB", 20)]),
        (
            "Slack",
            [
                .init("xoxb-", 12), .init("xoxp-", 12), .init("xoxa-", 12), .init("xoxr-", 12), .init("xoxs-", 12),
                .init("xoxe-", 12), .init("xapp-", 12),
            ]
        ),
        (
            "Stripe",
            [
                .init("sk_live_", 12), .init("sk_test_", 12), .init("rk_live_", 12), .init("rk_test_", 12),
                .init("pk_live_", 12), .init("whsec_", 12),
            ]
        ),
        ("JSON Web Token", [.init("eyJ", 16)]),
        ("package registries", [.init("npm_", 16), .init("pypi-", 16), .init("rubygems_", 16)]),
        ("Docker", [.init("dckr_pat_", 12), .init("dckr_oat_", 12)]),
        (
            "model hubs",
            [
                .init("sk-", 20), .init("hf_", 16), .init("gsk_", 16), .init("r8_", 16), .init("xai-", 20),
                .init("pplx-", 20),
            ]
        ),
        ("DigitalOcean", [.init("dop_v1_", 12), .init("doo_v1_", 12)]),
        ("Vault", [.init("hvs.", 12), .init("hvb.", 12), .init("s.", 24)]),
        ("mail senders", [.init("SG.", 16), .init("key-", 24)]),
        ("Shopify", [.init("shpat_", 12), .init("shpss_", 12), .init("shpca_", 12)]),
        ("Square", [.init("sq0atp-", 12), .init("sq0csp-", 12)]),
        ("Grafana", [.init("glsa_", 16), .init("glc_", 20)]),
        ("Sentry", [.init("sntrys_", 16), .init("sntryu_", 16)]),
        ("Supabase", [.init("sbp_", 20)]),
        ("PlanetScale", [.init("pscale_tkn_", 16), .init("pscale_pw_", 16)]),
        ("Notion", [.init("ntn_", 20)]),
        ("Figma", [.init("figd_", 16)]),
        ("Linear", [.init("lin_api_", 12)]),
        ("Postman", [.init("PMAK-", 12)]),
        ("New Relic", [.init("NRAK-", 12)]),
        ("Heroku", [.init("HRKU-", 16)]),
        ("Databricks", [.init("dapi", 20)]),
        ("Facebook", [.init("EAACEdEose0cBA", 14)]),
        ("age", [.init("AGE-SECRET-KEY-", 16)]),
    ]

    static let tokenKinds = tokenServices.flatMap(\.kinds)
}
