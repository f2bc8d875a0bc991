import Core
import Intake
import Testing

@Suite("Counters of intake")
struct IntakeRejectionTests {
    @Test("Every unknown key is dropped and counted")
    func unknownKeys() throws {
        var harness = IntakeHarness()
        let event = try harness.accept(#"{"user":"anna","command":"make","env":{"a":1,"b":[]},"us\u0065r":1,"":2}"#)
        let taken = harness.intake.takeRejections()
        let rejections = try #require(taken)

        #expect(rejections[.droppedField] == 4)
        #expect(rejections.rejected == 0)
        #expect(try event == harness.accept(#"{"command":"make"}"#))
        #expect(harness.intake.takeRejections() == nil)
    }

    @Test("An unknown key rejects the line in strict mode, and the message has the column")
    func strict() {
        var harness = IntakeHarness(strict: true)
        #expect(harness.rejection(of: #"{"command":"make","user":1}"#) == Rejection(.unknownKey, column: 19))
        #expect(harness.rejection(of: #"{"command":"make","us\u0065r":1}"#) == Rejection(.unknownKey, column: 19))
        #expect(harness.rejection(of: #"{"c\u006Fmmand":"make"}"#) == nil)
    }

    @Test("A refused event counts as refused, whatever else was in it")
    func refused() throws {
        var harness = IntakeHarness()
        let lines = [
            #"{"command":"make --all","error_category":"no identifier","user":1}"#,
            #"{"command":"make --all","template_used":"no identifier","user":1}"#,
            #"{"user":1}"#, "nonsense",
        ]
        for line in lines { #expect(harness.rejection(of: line) != nil) }
        let tooLong = harness.intake.rejectTooLong()
        #expect(tooLong == Rejection(.lineTooLong))

        let taken = harness.intake.takeRejections()
        let rejections = try #require(taken)

        #expect(rejections.rejected == 5)
        #expect(rejections[.rejected(.invalidText)] == 2)
        #expect(rejections[.rejected(.missingType)] == 1)
        #expect(rejections[.rejected(.notJSON)] == 1)
        #expect(rejections[.rejected(.lineTooLong)] == 1)
        #expect(rejections[.droppedField] == 0)
        #expect(rejections[.cutCommand] == 0)
    }

    @Test("Truncated commands are counted, whole ones are not")
    func cutCommands() throws {
        var harness = IntakeHarness()
        for command in ["make", "make all", "make -j4", "make all now or later"] {
            _ = try harness.accept("{\"command\":\"\(command)\"}")
        }
        #expect(harness.intake.takeRejections()?[.cutCommand] == 2)
    }
}
