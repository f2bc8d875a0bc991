package import Core

/// Every rule on the stored parts of an event, with its effect and its reason. The types of this module implement the
/// rules, `nexus telemetry explain` names them, and a test verifies each of them.
package enum PrivacyRule: String, CaseIterable, Sendable {
    case hashedName = "hashed-name"
    case givenHash = "given-hash"
    case plainCommand = "plain-command"
    case shellLine = "shell-line"
    case identifier
    case session
    case number
    case time
    case outcome
    case knownToken = "known-token"
    case randomText = "random-text"
    case unknownKey = "unknown-key"
    case strictLine = "strict-line"

    /// The effect of the rule.
    package var effect: String {
        switch self {
        case .hashedName: "only the first 16 bytes of its HMAC-SHA256 under the local key are kept, in hexadecimal"
        case .givenHash:
            "kept if it is \(Limits.hashCharacters) hexadecimal digits in lower case, else the event is refused"
        case .plainCommand:
            "the first words are kept, at most \(Limits.commandWords), each of at most \(Limits.commandWordBytes) "
                + "letters, digits and . _ : -; the command ends before the first word of another form; if the first "
                + "word is a path, its base name is kept"
        case .shellLine:
            "never stored; it is read in memory, and the program's name and the outcome are kept; if the program is in "
                + "the list of programs with subcommands, its subcommand is kept too"
        case .identifier:
            "kept if it is at most \(Limits.identifierBytes) letters, digits and . _ -, else the event is refused"
        case .session:
            "kept if it is at most \(Limits.sessionBytes) letters, digits and . _ -, else the event is refused"
        case .number: "a whole number in its range is kept, anything else refuses the event"
        case .time: "kept to the millisecond, in UTC"
        case .outcome: "true or false is kept"
        case .knownToken: redaction + "; such a word begins like the keys and tokens of a known service"
        case .randomText:
            redaction
                + "; in such a word \(PrivacyRules.randomTextBytes) characters or more look like random text, or the "
                + "word contains a UUID"
        case .unknownKey: "the key and its value are dropped, and the key is counted; --strict refuses the line"
        case .strictLine: "a line that is not strictly one JSON object of at most \(Limits.lineBytes) bytes is refused"
        }
    }

    private var redaction: String {
        "redacted and counted: a command ends before the word, an identifier is dropped, a session id becomes the "
            + "default session, an event type becomes 'command', or the event is refused if it has no command; "
            + "--strict refuses the line"
    }

    /// The reason for the rule.
    package var reason: String {
        switch self {
        case .hashedName:
            "names identify clients, projects and people; without the key, no name can be tried against a hash"
        case .givenHash: "a program may hash names by itself; any other text could be the name"
        case .shellLine:
            "a line can contain names, paths, values and passwords; reports need only the program and its outcome"
        case .plainCommand: "the name of the command matters; flags, paths, quotes and values can be private"
        case .identifier: "free text could hold anything"
        case .session: "it links events and means nothing by itself"
        case .number: "a number is a duration or a count; a text could hold anything"
        case .time: "reports are about the time of events"
        case .outcome: "reports are about the outcome of events"
        case .knownToken:
            "a secret that was stored cannot be taken back, and the rest of the event is worth keeping; known "
                + "services: " + PrivacyRules.tokenServices.joined(separator: ", ")
        case .randomText: "secrets of services that are not listed are random text"
        case .unknownKey: "an unknown key has no meaning here, so it is not stored"
        case .strictLine: "a line that two readers understand differently can hide content from one of them"
        }
    }

    /// Returns the rule that decides which part of a field is kept if the field contains no secret.
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

/// The numbers and lists of the rules.
enum PrivacyRules {
    /// A word counts as random text if its random parts have at least this many bytes together. In the name of a
    /// Kubernetes pod, hash and suffix have at most 15 bytes together. Keys and tokens of services have at least 20
    /// random bytes.
    static let randomTextBytes = 16
    /// The minimum length of a part that is checked, in bytes. Shorter parts, such as the suffix of a pod's name, are
    /// abbreviations as often as random text.
    static let randomPartBytes = 6
    /// A part counts as random if at least this percentage of its pairs of neighbouring characters is unusual. The
    /// share of unusual pairs is 60 % in random letters and digits, and 10 % in ordinary names.
    static let randomTextPercent = 30
    /// A long part of hexadecimal digits counts as random if it has at least this many changes between letters and
    /// decimal digits.
    static let hexadecimalTextChanges = 3
    /// If ordinary names also begin with the prefix of a token, such as `key-`, at least this many random bytes must
    /// follow the prefix.
    static let randomBodyBytes = 8

    /// The prefix of a service's keys and tokens, and their minimum length. A shorter word counts as a name that
    /// happens to begin with the prefix.
    struct TokenKind {
        let service: String
        let prefix: String
        let length: Int
        /// Whether ordinary names begin with the prefix too, so that random text must follow it.
        let needsRandomBody: Bool

        init(_ service: String, _ prefix: String, _ length: Int, needsRandomBody: Bool = false) {
            self.needsRandomBody = needsRandomBody
            self.service = service
            self.prefix = prefix
            self.length = length
        }
    }

    /// The known kinds of keys and tokens, grouped by service. The list is flat, so that the compiler stores its values
    /// in the executable. Nested lists would be built at run time.
    static let tokenKinds: [TokenKind] = [
        .init("Amazon", "AKIA", 16), .init("Amazon", "ASIA", 16), .init("Amazon", "AROA", 16),
        .init("Amazon", "AIDA", 16),
        .init("Google", "AIza", 20), .init("Google", "ya29.", 16), .init("Google", "GOCSPX-", 16),
        .init("GitHub", "ghp_", 12), .init("GitHub", "gho_", 12), .init("GitHub", "ghu_", 12),
        .init("GitHub", "ghs_", 12), .init("GitHub", "ghr_", 12), .init("GitHub", "github_pat_", 16),
        .init("GitLab", "glpat-", 12), .init("GitLab", "gldt-", 12), .init("GitLab", "glrt-", 12),
        .init("GitLab", "glcbt-", 12), .init("GitLab", "glptt-", 12), .init("GitLab", "glsoat-", 12),
        .init("GitLab", "glft-", 12),
        .init("Atlassian", "ATATT3", 16), .init("Atlassian", "ATBB", 20),
        .init("Slack", "xoxb-", 12), .init("Slack", "xoxp-", 12), .init("Slack", "xoxa-", 12),
        .init("Slack", "xoxr-", 12), .init("Slack", "xoxs-", 12), .init("Slack", "xoxe-", 12),
        .init("Slack", "xapp-", 12),
        .init("Stripe", "sk_live_", 12), .init("Stripe", "sk_test_", 12), .init("Stripe", "rk_live_", 12),
        .init("Stripe", "rk_test_", 12), .init("Stripe", "pk_live_", 12), .init("Stripe", "whsec_", 12),
        .init("JSON Web Token", "eyJ", 16),
        .init("package registries", "npm_", 16, needsRandomBody: true),
        .init("package registries", "pypi-", 16, needsRandomBody: true),
        .init("package registries", "rubygems_", 20, needsRandomBody: true),
        .init("Docker", "dckr_pat_", 12), .init("Docker", "dckr_oat_", 12),
        .init("model hubs", "sk-", 20, needsRandomBody: true), .init("model hubs", "hf_", 16, needsRandomBody: true),
        .init("model hubs", "gsk_", 16, needsRandomBody: true),
        .init("model hubs", "r8_", 16, needsRandomBody: true), .init("model hubs", "xai-", 20, needsRandomBody: true),
        .init("model hubs", "pplx-", 20, needsRandomBody: true),
        .init("DigitalOcean", "dop_v1_", 12), .init("DigitalOcean", "doo_v1_", 12),
        .init("Vault", "hvs.", 12), .init("Vault", "hvb.", 12), .init("Vault", "s.", 24, needsRandomBody: true),
        .init("mail senders", "SG.", 16, needsRandomBody: true),
        .init("mail senders", "key-", 24, needsRandomBody: true),
        .init("Shopify", "shpat_", 12), .init("Shopify", "shpss_", 12), .init("Shopify", "shpca_", 12),
        .init("Square", "sq0atp-", 12), .init("Square", "sq0csp-", 12),
        .init("Grafana", "glsa_", 16), .init("Grafana", "glc_", 20, needsRandomBody: true),
        .init("Sentry", "sntrys_", 16), .init("Sentry", "sntryu_", 16),
        .init("Supabase", "sbp_", 20, needsRandomBody: true),
        .init("PlanetScale", "pscale_tkn_", 16), .init("PlanetScale", "pscale_pw_", 16),
        .init("Notion", "ntn_", 20, needsRandomBody: true),
        .init("Figma", "figd_", 16),
        .init("Linear", "lin_api_", 12),
        .init("Postman", "PMAK-", 12),
        .init("New Relic", "NRAK-", 12),
        .init("Heroku", "HRKU-", 16),
        .init("Databricks", "dapi", 20, needsRandomBody: true),
        .init("Facebook", "EAACEdEose0cBA", 14),
        .init("age", "AGE-SECRET-KEY-", 16),
    ]

    /// The services whose keys and tokens are known.
    static var tokenServices: [String] {
        tokenKinds.map(\.service).reduce(into: []) { names, name in
            if names.last != name { names.append(name) }
        }
    }
}
