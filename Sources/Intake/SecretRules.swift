/// What looks like a secret, and why each rule is there.
///
/// The rules err on the side of refusing: a refused event is reported and can be sent again without the value, a
/// stored secret cannot be taken back. They look at one word, which is already known to be ASCII without blanks.
struct SecretRules: Sendable {
    /// How keys and tokens of common services begin, and how long one is at least. What is shorter is a name that
    /// happens to begin so.
    private static let prefixes: [(prefix: String, length: Int)] = [
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

    private let byFirstByte: [[(prefix: [UInt8], length: Int)]]

    init() {
        var table: [[(prefix: [UInt8], length: Int)]] = Array(repeating: [], count: 128)
        for rule in Self.prefixes {
            let bytes = Array(rule.prefix.utf8)
            table[Int(bytes[0])].append((bytes, rule.length))
        }
        byFirstByte = table
    }

    /// Whether `word`, or what stands in it behind a `.`, `_`, `-` or `:`, begins as a known kind of token does and is
    /// long enough to be one.
    func hasToken(_ word: Span<UInt8>) -> Bool {
        if beginsWithToken(word) { return true }
        var index = 0
        while word.count - index > 12 {
            switch word[index] {
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"):
                if beginsWithToken(word.extracting(index + 1..<word.count)) { return true }
            default: break
            }
            index &+= 1
        }
        return false
    }

    private func beginsWithToken(_ word: Span<UInt8>) -> Bool {
        guard word.count >= 12, word[0] < 128 else { return false }
        for rule in byFirstByte[Int(word[0])] where word.count >= rule.length {
            var matched = 0
            while matched < rule.prefix.count, word[matched] == rule.prefix[matched] { matched += 1 }
            if matched == rule.prefix.count { return true }
        }
        return false
    }

    /// Whether `word` is long and changes between letters and digits as random text does. Names, versions and dates
    /// keep them apart with `-`, `.` or `_`, or change once or twice.
    func isLongMixed(_ word: Span<UInt8>) -> Bool {
        guard word.count >= 20 else { return false }
        var changes = 0
        for index in 1..<word.count {
            let isDigit = word[index] &- UInt8(ascii: "0") <= 9
            let wasDigit = word[index - 1] &- UInt8(ascii: "0") <= 9
            let isLetter = (word[index] | 0x20) &- UInt8(ascii: "a") < 26
            let wasLetter = (word[index - 1] | 0x20) &- UInt8(ascii: "a") < 26
            if (isDigit && wasLetter) || (isLetter && wasDigit) { changes += 1 }
        }
        return changes >= 3
    }
}
