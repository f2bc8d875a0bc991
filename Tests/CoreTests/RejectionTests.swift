import Core
import Testing

@Suite("Reasons of rejections")
struct RejectionTests {
    @Test("Every reason has a name of its own")
    func names() {
        #expect(Set(Rejection.Reason.allCases.map(\.name)).count == Rejection.Reason.allCases.count)
    }

    @Test("A message names the field and the column")
    func messages() {
        #expect(Rejection(.outOfRange, field: .portsUsed).message == "ports_used must be from 0 to 65536")
        #expect(Rejection(.notJSON, column: 7).message == "not a JSON object (at byte 7)")
        #expect(Rejection(.looksSecret, field: .command).message == "command looks like a secret")
        #expect(Rejection(.wrongType, field: .success).message == "success must be true or false")
    }

    @Test("Every reason has a message for every field", arguments: Rejection.Reason.allCases)
    func everyMessage(reason: Rejection.Reason) {
        for field in EventField.allCases {
            let message = Rejection(reason, field: field, column: 3).message
            #expect(message.hasSuffix(" (at byte 3)") && message.count > 20)
        }
    }
}
