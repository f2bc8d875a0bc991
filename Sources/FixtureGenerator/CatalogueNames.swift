/// The commands, the most frequent first. The numbers are the properties `median`, `spread` and `risk` of
/// `CommandProfile`.
let commandProfiles = [
    CommandProfile("git status", 45, 0.5, risk: 0.004),
    CommandProfile("npm test", 9_500, 0.7, risk: 0.110),
    CommandProfile("swift build", 14_000, 0.9, risk: 0.090),
    CommandProfile("git diff", 60, 0.6, risk: 0.004),
    CommandProfile("git commit", 350, 0.7, risk: 0.025),
    CommandProfile("git add", 35, 0.5, risk: 0.008),
    CommandProfile("npm run build", 17_000, 0.6, risk: 0.070),
    CommandProfile("git pull", 1_400, 0.6, risk: 0.030),
    CommandProfile("docker compose up", 11_000, 0.8, risk: 0.060, startsServices: true),
    CommandProfile("git push", 1_900, 0.6, risk: 0.040),
    CommandProfile("swift test", 21_000, 0.8, risk: 0.110),
    CommandProfile("npm run lint", 4_200, 0.5, risk: 0.080),
    CommandProfile("git checkout", 110, 0.6, risk: 0.020),
    CommandProfile("docker ps", 90, 0.4, risk: 0.010),
    CommandProfile("git log", 55, 0.5, risk: 0.002),
    CommandProfile("make test", 12_000, 0.8, risk: 0.090),
    CommandProfile("pytest", 7_800, 0.9, risk: 0.120),
    CommandProfile("npm install", 13_000, 0.8, risk: 0.045),
    CommandProfile("cargo build", 19_000, 1.0, risk: 0.080),
    CommandProfile("docker compose logs", 420, 0.8, risk: 0.012),
    CommandProfile("go test", 6_100, 0.8, risk: 0.090),
    CommandProfile("git fetch", 900, 0.6, risk: 0.020),
    CommandProfile("cargo test", 23_000, 0.8, risk: 0.100),
    CommandProfile("kubectl get pods", 650, 0.5, risk: 0.025),
    CommandProfile("docker build", 42_000, 0.9, risk: 0.070),
    CommandProfile("git stash", 80, 0.5, risk: 0.010),
    CommandProfile("docker compose down", 3_600, 0.6, risk: 0.020),
    CommandProfile("git rebase main", 700, 0.9, risk: 0.090),
    CommandProfile("npm run dev", 5_200, 0.7, risk: 0.050, startsServices: true),
    CommandProfile("go build", 4_800, 0.8, risk: 0.060),
    CommandProfile("curl localhost:8080", 130, 0.9, risk: 0.080),
    CommandProfile("git merge", 260, 0.7, risk: 0.080),
    CommandProfile("kubectl logs", 800, 0.7, risk: 0.030),
    CommandProfile("make lint", 5_600, 0.6, risk: 0.070),
    CommandProfile("terraform plan", 16_000, 0.6, risk: 0.060),
    CommandProfile("docker compose restart api", 4_700, 0.6, risk: 0.030, startsServices: true),
    CommandProfile("redis-cli ping", 25, 0.4, risk: 0.030),
    CommandProfile("swift package resolve", 6_400, 0.7, risk: 0.030),
    CommandProfile("kubectl apply", 1_700, 0.6, risk: 0.050),
    CommandProfile("terraform apply", 58_000, 0.8, risk: 0.080),
]

/// The names of the workspaces before they are hashed, the busiest first.
let workspaceNames = [
    "client-acme-webshop", "billing", "mobile-ios", "internal-tools", "design-system",
    "client-nordwind", "data-pipeline", "auth-gateway", "website", "search",
    "client-harbor", "payments", "mobile-android", "reporting", "infra-terraform",
    "notification-hub", "client-lumen-intranet", "image-resizer", "api-docs", "event-archive",
    "client-fjord-booking", "feature-flags", "customer-import", "load-tests", "admin-console",
    "client-orchard-pos", "geo-lookup", "release-scripts", "legacy-monolith", "playground",
]

/// The templates that workspaces are made from.
let templateNames = [
    "node-postgres", "swift-server", "python-worker", "static-site", "go-microservice", "ios-app", "rust-cli",
    "full-stack",
]

/// The reasons for a failure, the most frequent first and in the order of `errorWeights`.
let errorNames = [
    "exit_1", "exit_2", "timeout", "not_found", "exit_127", "permission_denied", "network", "exit_130",
    "out_of_memory",
]

/// How often each element of `errorNames` occurs, in percent.
let errorWeights = [56, 13, 9, 7, 5, 4, 3, 2, 1]

/// The number of tasks. There is one task for each combination of a verb and an object.
let taskCount = taskVerbs.count * taskObjects.count

/// Returns the name of a task before it is hashed, such as "TASK-1433 fix login".
func taskName(_ place: Int) -> String {
    let verb = taskVerbs[place % taskVerbs.count]
    let object = taskObjects[(place / taskVerbs.count + place) % taskObjects.count]
    return "TASK-\(1_001 + place * 7) \(verb) \(object)"
}

private let taskVerbs = [
    "fix", "add", "remove", "test", "tune", "document", "rename", "update", "move", "review",
    "split", "migrate", "log", "cache", "limit", "retry", "style", "audit", "mock", "trace",
]

private let taskObjects = [
    "login", "cart", "search", "invoices", "uploads", "exports", "settings", "webhooks", "queue", "emails",
    "sessions", "filters", "metrics", "avatars", "tokens", "routes", "reports", "backups", "forms", "schema",
]
