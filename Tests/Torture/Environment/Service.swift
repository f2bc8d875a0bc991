import Core
import Foundation
import SystemSupport
import TestSupport

/// A process of the real `nexus serve` that accepts connections.
final class RunningService {
    let child: Child
    let runtime: RuntimeFolder

    /// Starts the service and waits until it accepts connections.
    init(in testEnvironment: TestEnvironment, _ arguments: [String] = [], variables: [String: String] = [:]) throws {
        let environment = testEnvironment.environment
        runtime = RuntimeFolder(for: testEnvironment.data, environment: { environment[$0] })
        child = try testEnvironment.start([testEnvironment.programs.nexus, "serve"] + arguments, variables: variables)
        let deadline = Date().addingTimeInterval(Child.patience)
        while (try? client()) == nil {
            guard child.poll() == nil, Date() < deadline else {
                throw InvariantViolation("the service does not accept connections: \(child.errors)")
            }
            usleep(2000)
        }
    }

    func client(timeout seconds: Int = 20) throws -> UnixClient {
        try UnixClient(runtime.socketPath, timeout: seconds)
    }

    /// Stops the service with SIGTERM. Throws unless it ends with exit code 0.
    func stop() throws {
        child.signal(SIGTERM)
        let end = try child.wait()
        guard end == .exited(0) else { throw InvariantViolation("the service ended with \(end): \(child.errors)") }
    }
}
