/// How one command behaves.
struct CommandProfile {
    /// The words of the command.
    let text: String
    /// The median run time, in milliseconds.
    let median: Double
    /// The standard deviation of the logarithm of the run time.
    let spread: Double
    /// The probability that the command fails after a command that succeeded.
    let risk: Double
    /// Whether the command starts services. Its events then have a template, services and ports.
    let startsServices: Bool

    init(_ text: String, _ median: Double, _ spread: Double, risk: Double, startsServices: Bool = false) {
        self.text = text
        self.median = median
        self.spread = spread
        self.risk = risk
        self.startsServices = startsServices
    }
}

/// Every name that can occur in a stream, and how often each name is drawn.
///
/// All names are plain ASCII without quotes, backslashes or commas, so no output format needs escaping.
struct Catalogue {
    /// The commands, the most frequent first.
    let commands = commandProfiles
    /// The workspaces, the busiest first.
    let workspaces = workspaceNames
    /// The tasks. The task at index t belongs to the workspace at index t modulo the number of workspaces.
    let tasks = (0..<taskCount).map(taskName)
    /// The templates that workspaces are made from.
    let templates = templateNames
    /// The reasons for a failure, the most frequent first.
    let errorCategories = errorNames

    private let commandChoice = WeightedChoice(zipfRanks: commandProfiles.count, flattening: 2)
    private let workspaceChoice = WeightedChoice(zipfRanks: workspaceNames.count, flattening: 4)
    private let errorChoice = WeightedChoice(weights: errorWeights)

    /// Draws the index of a command; frequent commands are more likely.
    func drawCommand(_ random: inout RandomNumbers) -> Int {
        commandChoice.draw(&random)
    }

    /// Draws the index of a workspace; busy workspaces are more likely.
    func drawWorkspace(_ random: inout RandomNumbers) -> Int {
        workspaceChoice.draw(&random)
    }

    /// Draws the index of a task of the workspace. All tasks of the workspace are equally likely.
    func drawTask(in workspace: Int, _ random: inout RandomNumbers) -> Int {
        let count = (tasks.count - workspace + workspaces.count - 1) / workspaces.count
        return workspace + workspaces.count * random.below(count)
    }

    /// Draws the index of an error category, in proportion to its weight.
    func drawErrorCategory(_ random: inout RandomNumbers) -> Int {
        errorChoice.draw(&random)
    }

    /// Draws the numbers of services and ports for an event that starts services. The template is not drawn, because it
    /// depends only on the workspace.
    func drawServiceUse(in workspace: Int, _ random: inout RandomNumbers) -> ServiceUse {
        let services = 1 + random.below(5)
        return ServiceUse(
            template: workspace % templates.count, services: services, ports: services + random.below(3)
        )
    }
}
