package import Core
import Intake
import SystemSupport

/// Every setting with its value and default, for `nexus config`.
package struct ConfigReport: Sendable {
    private let states: [SettingState]
    /// The built-in entries by setting. Only settings that are lists have built-in entries.
    private let builtIn: [SettingName: [String]] = [
        .subcommands: CommandRules.programsWithSubcommands, .interactive: CommandRules.interactive,
    ]

    package init(_ states: [SettingState]) {
        self.states = states
    }

    /// The settings as a table, one setting on each line.
    package var text: String {
        let rows = states.map { state in
            [state.name.rawValue, shown(state), state.name.defaultText, state.name.summary]
        }
        let titles = ["SETTING", "VALUE", "DEFAULT", "MEANING"]
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].displayWidth }.max() ?? 0
        }
        return ([titles] + rows).map { row in
            let cells = row.enumerated().map { column, text in
                column == row.count - 1
                    ? text : text + String(repeating: " ", count: widths[column] - text.displayWidth)
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }

    /// Returns the value of one setting, or the entries of a list, each on its own line. The user's entries come before
    /// the built-in entries.
    package func text(of name: SettingName) -> String {
        let values = states.first { $0.name == name }?.values ?? []
        let own = values.isEmpty && !name.isList ? [name.defaultText] : values
        let lines = own.map(\.escapedForDisplay) + (builtIn[name] ?? []).map { "\($0) (built in)" }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The settings as JSON. The keys are stable.
    package var json: JSONValue {
        let settings = states.map { state -> JSONValue in
            let values = JSONValue.array(state.values.map(JSONValue.string))
            let value: JSONValue =
                state.name.isList || state.name == .destinations ? values : .string(state.text)
            return [
                "default": .string(state.name.defaultText), "is_set": .bool(state.isSet),
                "name": .string(state.name.rawValue), "value": value,
            ]
        }
        return ["schema": .integer(1), "settings": .array(settings)]
    }

    private func shown(_ state: SettingState) -> String {
        let count = builtIn[state.name]?.count ?? 0
        guard count > 0 else { return state.text.escapedForDisplay }
        let own = state.values.isEmpty ? "" : state.text.escapedForDisplay + ", and "
        return own + "\(count) built in"
    }
}
