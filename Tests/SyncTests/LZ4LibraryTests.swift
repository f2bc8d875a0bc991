import Sync
import Testing

@Suite("The system's LZ4 library")
struct LZ4LibraryTests {
    @Test("It is linked, and has the streaming frame API")
    func isLinked() { #expect(lz4Version >= 100) }
}
