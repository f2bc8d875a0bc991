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
        case .knownToken: "a secret that was stored cannot be taken back, an event that was refused can be sent again"
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

    /// How keys and tokens of common services begin, and how long one is at least. What is shorter is a name that
    /// happens to begin so.
    static let tokenPrefixes: [(prefix: String, length: Int)] = [
        ("AKIA", 16), ("ASIA", 16), ("AROA", 16), ("AIDA", 16),  // Amazon access keys and roles
        ("AIza", 20), ("ya29.", 16), ("GOCSPX-", 16),  // Google API keys, tokens, client secrets
        ("ghp_", 12), ("gho_", 12), ("ghu_", 12), ("ghs_", 12), ("ghr_", 12), ("github_pat_", 16),  // GitHub
        ("glpat-", 12), ("gldt-", 12), ("glrt-", 12), ("glcbt-", 12),  // GitLab
        ("xoxb-", 12), ("xoxp-", 12), ("xoxa-", 12), ("xoxr-", 12), ("xoxs-", 12), ("xapp-", 12),  // Slack
        ("sk-", 20), ("sk_live_", 12), ("sk_test_", 12), ("rk_live_", 12), ("pk_live_", 12), ("whsec_", 12),
        ("eyJ", 16),  // a JSON Web Token: base64 of `{"`
        ("npm_", 16), ("pypi-", 16), ("rubygems_", 16), ("dckr_pat_", 12),  // package and image registries
        ("hf_", 16), ("gsk_", 16), ("r8_", 16),  // model hubs
        ("dop_v1_", 12), ("doo_v1_", 12), ("hvs.", 12), ("hvb.", 12), ("s.", 24),  // DigitalOcean, Vault
        ("SG.", 16), ("key-", 24), ("shpat_", 12), ("shpss_", 12), ("shpca_", 12), ("sq0atp-", 12), ("sq0csp-", 12),
        ("lin_api_", 12), ("PMAK-", 12), ("NRAK-", 12), ("AGE-SECRET-KEY-", 16), ("dapi", 20), ("EAACEdEose0cBA", 14),
    ]
}
