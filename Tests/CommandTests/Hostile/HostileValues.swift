/// Values that must never be found in what Nexus writes, whichever field and way they come by.
struct HostileValue {
    /// What is given.
    let text: String
    /// The part of it that is private: what is searched for. Plain first words of a command may be kept, so that where a
    /// text begins with such it is what follows them.
    let secret: String

    init(_ text: String, secret: String? = nil) {
        self.text = text
        self.secret = secret ?? text
    }

    /// Whether it can be an argument of a program.
    var canBeArgument: Bool { !text.contains("\0") }

    /// The corpus, by what is hostile about it.
    static let byKind: [(kind: String, values: [HostileValue])] = [
        ("tokens", tokens), ("people", people), ("places", places), ("source code", code), ("shell one-liners", lines),
        ("queries", queries), ("look-alikes", lookAlikes), ("control characters", controls),
    ]

    static let all: [HostileValue] = byKind.flatMap(\.values)

    /// Keys and tokens of services: three of each kind, put together so that none of them is found in this file.
    private static let tokens: [HostileValue] = {
        let bodies = tokenBodies.map { $0 + "D6fG3hJ5kL0pQ" + $0.prefix(3) + "sT" }
        return tokenKinds.flatMap { kind in bodies.map { HostileValue(kind.0 + $0.prefix(kind.1)) } }
    }()

    /// What the tokens have behind the name of their kind, the first of it: not even a part of one may be kept.
    static let tokenBodies = ["Zq7", "xW2", "Km9"].map { $0 + "R4tB8nV1c" }

    /// How the tokens of a kind begin, and how long the rest of one is.
    static let tokenKinds = [
        ("AKIA", 16), ("ASIA", 16), ("AIza", 31), ("ya29.", 30), ("GOCSPX-", 24), ("ghp_", 30), ("gho_", 30),
        ("github_pat_", 30), ("glpat-", 20), ("xoxb-", 24), ("xoxp-", 24), ("xapp-", 24), ("sk-", 30),
        ("sk_live_", 24),
        ("rk_live_", 24), ("whsec_", 30), ("eyJhbGciOiJIUzI1NiJ9.eyJ", 24), ("npm_", 30), ("pypi-", 30),
        ("rubygems_", 30), ("dckr_pat_", 24), ("hf_", 30), ("gsk_", 30), ("dop_v1_", 30), ("hvs.", 24), ("SG.", 30),
        ("shpat_", 30), ("lin_api_", 30), ("PMAK-", 24), ("NRAK-", 24), ("AGE-SECRET-KEY-", 30),
    ]

    private static let people: [HostileValue] = ["anna.schmidt", "j.o'connor", "ceo+private", "用户", "first_last"]
        .flatMap { name in
            ["example.com", "mail.example.org", "xn--exmple-cua.test"].map { HostileValue("\(name)@\($0)") }
        }

    private static let places: [HostileValue] = {
        let paths = [
            "clients/acme-merger", ".ssh/id_ed25519", "Documents/divorce.pdf", "src/skunkworks/main.rs", "a b/c d",
        ]
        let homes = [
            "/home/annaschmidt/", "/Users/annaschmidt/", "~/", "C:\\Users\\annaschmidt\\", "file:///home/annaschmidt/",
        ]
        let urls = ["https", "postgres", "redis", "amqp", "ftp"].map {
            HostileValue("\($0)://admin:hunter2pass@db.internal.example:5432/payroll?key=s3cr3tvalue")
        }
        return homes.flatMap { home in paths.map { HostileValue(home + $0) } } + urls
    }()

    private static let code: [HostileValue] = [
        HostileValue("let password = \"correct-horse-battery\"", secret: "correct-horse-battery"),
        HostileValue("const API_KEY='9f8e7d6c5b4a'", secret: "9f8e7d6c5b4a"),
        HostileValue("if (user.isAdmin()) { grantAll(); }", secret: "(user.isAdmin"),
        HostileValue("print(customer[\"iban\"])"), HostileValue("self.balance -= 1_000_000", secret: "1_000_000"),
        HostileValue("#define SALARY 123456", secret: "SALARY"),
        HostileValue("func mergeAcme() -> Deal? { nil }", secret: "mergeAcme()"),
        HostileValue("<div id=\"patient-4711\">"),
        HostileValue("x = lambda: open('/etc/shadow')", secret: "lambda: open"),
        HostileValue("// TODO: fire the whole team", secret: "fire the whole"),
        HostileValue("{\"ssn\":\"078-05-1120\"}"),
        HostileValue("return acme.takeoverPrice * 1.3;", secret: "takeoverPrice * 1.3"),
    ]

    private static let lines: [HostileValue] = [
        HostileValue("curl -H 'Authorization: Bearer abcdefsecret' https://x.test", secret: "abcdefsecret"),
        HostileValue("mysql -uroot -pTopSecret99 payroll", secret: "TopSecret99"),
        HostileValue("export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIfake", secret: "wJalrXUtnFEMIfake"),
        HostileValue("sshpass -p letmein42 ssh root@10.1.2.3", secret: "letmein42"),
        HostileValue("git commit -m \"fix the leak of client data\"", secret: "leak of client"),
        HostileValue("cat ~/private/diary.txt | grep -i anna", secret: "diary.txt"),
        HostileValue("rm -rf /srv/evidence", secret: "/srv/evidence"), HostileValue("$(cat /etc/passwd)"),
        HostileValue("`id`; uname -a #pwned", secret: "#pwned"),
        HostileValue("a;b&&c||d>e<f secretfile", secret: "secretfile"),
        HostileValue("PGPASSWORD=hunter22 psql", secret: "hunter22"),
        HostileValue("echo \"$SECRET_PLAN\"", secret: "SECRET_PLAN"),
        HostileValue("docker run -e TOKEN=abc123def456 image", secret: "abc123def456"),
        HostileValue("openssl enc -k mypassphrase1 -in tax.pdf", secret: "mypassphrase1"),
        HostileValue("scp report.pdf anna@host.test:/secret/", secret: "anna@host.test"),
    ]

    private static let queries: [HostileValue] = [
        HostileValue("SELECT * FROM patients WHERE name = 'Doe'", secret: "patients WHERE"),
        HostileValue("'; DROP TABLE events; --"), HostileValue("1' OR '1'='1"), HostileValue("\" OR \"\"=\""),
        HostileValue("INSERT INTO salaries VALUES (987654)", secret: "(987654)"),
        HostileValue("UPDATE users SET hash='abcxyz'", secret: "abcxyz"),
        HostileValue("'); ATTACH DATABASE '/tmp/evil' AS e; --"), HostileValue("=cmd|'/C calc'!A0"),
        HostileValue("@SUM(1+9)*cmd|' /C calc'!A0"), HostileValue("UNION/**/SELECT/**/password"),
    ]

    /// Letters that look like others, and what turns or hides text.
    private static let lookAlikes: [HostileValue] = [
        "раураl", "ɡit-push", "ｇｉｔ ｐｕｓｈ", "аdmin", "Ⅳ-plan", "ﬁle.txt", "mаke-up", "re\u{301}sume\u{301}",
        "\u{202E}txt.exe", "pay\u{200B}roll",
        "\u{FEFF}bom",
        "\u{2066}isolated\u{2069}", "👩‍💻 secret", "Straße-Kunde", "プロジェクト", "مشروع", "פרויקט", "\u{1D4D0}bcd",
        "\u{E0041}tag", "Ω≈ç√",
        "naïve-client", "\u{2028}line", "\u{FF0F}etc", "clıent", "ſecret",
    ].map { HostileValue($0) }

    private static let controls: [HostileValue] = [
        "\u{1B}[31mred", "\u{1B}]0;title\u{7}", "bell\u{7}ring", "back\u{8}space", "nul\0byte", "line\nfeed",
        "carriage\rreturn",
        "tab\tstop", "\u{9B}2Jcleared", "del\u{7F}ete", "\u{1}start", "vertical\u{B}tab", "form\u{C}feed",
        "esc\u{1B}ape",
        "\u{85}next",
        "two\n\nlines", "\r\nHTTP/1.1", "\u{1B}[2K\u{1B}[1A", "\0\0\0\0lead", "end\u{4}oftext",
    ].map { HostileValue($0) }
}
