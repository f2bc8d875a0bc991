import Core
import Foundation
import SystemSupport
import TestSupport

/// The real `nexus serve`, from when its socket can be connected to.
final class RunningService {
    let child: Child
    let runtime: RuntimeFolder

    /// Starts it and returns once it accepts connections.
    init(in testEnvironment: TestEnvironment, _ arguments: [String] = [], variables: [String: String] = [:]) throws {
        let environment = testEnvironment.environment
        runtime = RuntimeFolder(for: testEnvironment.data, environment: { environment[$0] })
        child = try testEnvironment.start([testEnvironment.programs.nexus, "serve"] + arguments, variables: variables)
        let deadline = Date().addingTimeInterval(Child.patience)
        while (try? client()) == nil {
            guard child.poll() == nil, Date() < deadline else {
                throw InvariantViolation("no service came up: \(child.errors)")
            }
            usleep(2000)
        }
    }

    func client(timeout seconds: Int = 20) throws -> UnixClient {
        try UnixClient(runtime.socketPath, timeout: seconds)
    }

    /// Asks it to stop; throws unless it does so with 0.
    func stop() throws {
        child.signal(SIGTERM)
        let end = try child.wait()
        guard end == .exited(0) else { throw InvariantViolation("the service ended with \(end): \(child.errors)") }
    }
}
