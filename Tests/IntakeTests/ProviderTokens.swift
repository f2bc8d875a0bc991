import TestSupport

/// Tokens of services, generated at random to the formats that the services and public lists of secret patterns document. No
/// token is in this file.
struct ProviderTokens {
    /// A service and what its tokens are made of.
    struct Provider {
        let name: String
        let formats: [[Part]]

        init(_ name: String, _ formats: [Part]...) {
            self.name = name
            self.formats = formats
        }
    }

    /// A part of a token.
    enum Part {
        case text(String)
        /// Characters of an alphabet, as many as a number of the range.
        case random(Alphabet, ClosedRange<Int>)

        static func random(_ alphabet: Alphabet, _ count: Int) -> Part { .random(alphabet, count...count) }
    }

    enum Alphabet: String {
        case digits = "0123456789"
        case hexadecimal = "0123456789abcdef"
        case lower = "abcdefghijklmnopqrstuvwxyz0123456789"
        case base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        case base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        case base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    }

    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A new token of a provider.
    mutating func token(of provider: Provider) -> String {
        let format = provider.formats.randomElement(using: &generator) ?? []
        return format.map { part in
            switch part {
            case .text(let text): text
            case .random(let alphabet, let count): text(alphabet, Int.random(in: count, using: &generator))
            }
        }.joined()
    }

    private mutating func text(_ alphabet: Alphabet, _ count: Int) -> String {
        let characters = Array(alphabet.rawValue)
        return String((0..<count).map { _ in characters[Int.random(in: characters.indices, using: &generator)] })
    }

    private static let uuid: [Part] = [
        .random(.hexadecimal, 8), .text("-"), .random(.hexadecimal, 4), .text("-4"), .random(.hexadecimal, 3),
        .text("-a"), .random(.hexadecimal, 3), .text("-"), .random(.hexadecimal, 12),
    ]

    /// The providers whose formats the rules were made for.
    static let tuning = [
        Provider("Amazon", [.text("AKIA"), .random(.base32, 16)], [.text("ASIA"), .random(.base32, 16)]),
        Provider("Google", [.text("AIza"), .random(.base64URL, 35)], [.text("GOCSPX-"), .random(.base64URL, 28)]),
        Provider("GitHub", [.text("ghp_"), .random(.base62, 36)], [.text("gho_"), .random(.base62, 36)]),
        Provider("GitLab", [.text("glpat-"), .random(.base64URL, 20)]),
        Provider(
            "Slack",
            [.text("xoxb-"), .random(.digits, 11), .text("-"), .random(.digits, 12), .text("-"), .random(.base62, 24)]),
        Provider("Stripe", [.text("sk_live_"), .random(.base62, 24)], [.text("rk_live_"), .random(.base62, 24)]),
        Provider(
            "JSON Web Token",
            [
                .text("eyJ"), .random(.base62, 17), .text(".eyJ"), .random(.base62, 20), .text("."),
                .random(.base64URL, 18),
            ]),
        Provider("npm", [.text("npm_"), .random(.base62, 36)]),
        Provider("PyPI", [.text("pypi-AgEIcHlwaS5vcmc"), .random(.base64URL, 40)]),
        Provider("Docker", [.text("dckr_pat_"), .random(.base64URL, 27)]),
        Provider("OpenAI", [.text("sk-"), .random(.base62, 48)], [.text("sk-proj-"), .random(.base62, 48)]),
        Provider("Hugging Face", [.text("hf_"), .random(.base62, 34)]),
        Provider("DigitalOcean", [.text("dop_v1_"), .random(.hexadecimal, 64)]),
        Provider("Vault", [.text("hvs."), .random(.base62, 24)], [.text("s."), .random(.base62, 24)]),
        Provider("SendGrid", [.text("SG."), .random(.base64URL, 22), .text("."), .random(.base64URL, 43)]),
        Provider("Shopify", [.text("shpat_"), .random(.hexadecimal, 32)]),
        Provider("Grafana", [.text("glsa_"), .random(.base62, 32), .text("_"), .random(.hexadecimal, 8)]),
        Provider("Square", [.text("sq0atp-"), .random(.base64URL, 22)]),
        Provider("Databricks", [.text("dapi"), .random(.hexadecimal, 32)]),
        Provider("Heroku", uuid, [.text("HRKU-")] + uuid),
    ]

    /// The providers whose formats no rule was made for.
    static let heldOut = [
        Provider("Telegram", [.random(.digits, 8...10), .text(":AA"), .random(.base64URL, 33)]),
        Provider(
            "Discord",
            [.text("M"), .random(.base62, 23), .text("."), .random(.base64URL, 6), .text("."), .random(.base64URL, 27)]),
        Provider("Datadog", [.random(.hexadecimal, 32)], [.random(.hexadecimal, 40)]),
        Provider("Cloudflare", [.random(.base64URL, 40)]),
        Provider("Fastly", [.random(.base64URL, 32)]),
        Provider(
            "CircleCI", [.random(.hexadecimal, 40)],
            [.text("CCIPAT_"), .random(.base62, 22), .text("_"), .random(.hexadecimal, 40)]),
        Provider("Codecov", uuid),
        Provider("Snyk", uuid),
        Provider("Algolia", [.random(.hexadecimal, 32)]),
        Provider("Okta", [.text("00"), .random(.base64URL, 40)]),
        Provider("Mailchimp", [.random(.hexadecimal, 32), .text("-us"), .random(.digits, 1...2)]),
        Provider("Pulumi", [.text("pul-"), .random(.hexadecimal, 40)]),
        Provider("Terraform Cloud", [.random(.base62, 14), .text(".atlasv1."), .random(.base64URL, 60...70)]),
        Provider("Doppler", [.text("dp.pt."), .random(.base62, 43)]),
        Provider("Airtable", [.text("pat"), .random(.base62, 14), .text("."), .random(.hexadecimal, 64)]),
        Provider("Dropbox", [.text("sl."), .random(.base64URL, 135)]),
        Provider("HubSpot", [.text("pat-na1-")] + uuid),
        Provider("Tailscale", [.text("tskey-auth-k"), .random(.base62, 16), .text("-"), .random(.base62, 32)]),
        Provider("Twilio", [.text("SK"), .random(.hexadecimal, 32)], [.random(.hexadecimal, 32)]),
        Provider(
            "Azure", [.random(.base62, 3), .random(.digits, 1), .text("Q~"), .random(.base64URL, 31...34)]),
    ]
}
