import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Application

@Suite("The units of the service, and whether it runs")
struct ServiceFilesTests {
    private static let templates = ServiceUnits.Templates(service: "ExecStart=@PROGRAM@ serve\n", socket: "[Socket]\n")

    private func units(_ home: UserHome, program: String = "/opt/nexus", data: DataFolder) throws -> ServiceUnits {
        try #require(ServiceUnits(Self.templates, program: program, data: data, environment: home.environment))
    }

    @Test("The units of the usual folder have no drop-in, and name the launcher of an installed program")
    func usual() throws {
        let home = try UserHome()
        let data = DataFolder(home.path + "/.local/share/nexus")
        let units = try units(home, program: "/usr/lib/x%$\"\\/libexec/nexus/nexus", data: data)
        let folder = home.path + "/.config/systemd/user"
        #expect(try units.install() == [folder + "/nexus.service", folder + "/nexus.socket"])
        #expect(
            home.content(".config/systemd/user/nexus.service")
                == "ExecStart=\"/usr/lib/x%%$$\\\"\\\\/bin/nexus\" serve\n")
        #expect(try units.install().count == 2, "they are replaced")
        #expect(try units.uninstall().count == 2)
        #expect(try units.uninstall() == [])
    }

    @Test("A data folder that the user chose is in drop-ins, with socket and pipe in it")
    func chosen() throws {
        var home = try UserHome(["XDG_CONFIG_HOME": "/nonexistent"])
        home.variables["XDG_CONFIG_HOME"] = home.path + "/c"
        let data = DataFolder(home.path + "/a \"b\" 100%")
        home.variables["NEXUS_DATA_DIR"] = data.folder.path
        let units = try units(home, data: data)
        #expect(try units.install().count == 4)
        let escaped = home.path + "/a \\\"b\\\" 100%%"
        #expect(
            home.content("c/systemd/user/nexus.service.d/data-folder.conf")
                == "[Service]\nEnvironment=\"NEXUS_DATA_DIR=\(escaped)\"\nReadWritePaths=\"-\(escaped)\"\n")
        let socket = try #require(home.content("c/systemd/user/nexus.socket.d/data-folder.conf"))
        #expect(socket.contains("ListenStream=\nListenStream=\(home.path)/a \"b\" 100%%/socket\n"))
        #expect(try units.uninstall().count == 4)
        #expect(Folder(home.path + "/c/systemd/user").has("nexus.service.d") == false)
    }

    @Test("A data folder of XDG_DATA_HOME keeps the user's own socket and pipe")
    func dataHome() throws {
        let home = try UserHome(["XDG_RUNTIME_DIR": "/run/user/1"])
        let units = try units(home, data: DataFolder(home.path + "/data/nexus"))
        #expect(try units.install().count == 3)
        let text = try #require(home.content(".config/systemd/user/nexus.service.d/data-folder.conf"))
        #expect(text.contains("Environment=\"XDG_DATA_HOME=\(home.path)/data\"\n"))
    }

    @Test("Units need a HOME")
    func noHome() {
        for home in [nil, "relative"] {
            #expect(
                ServiceUnits(Self.templates, program: "/n", data: DataFolder("/d"), environment: { _ in home }) == nil)
        }
    }

    @Test("A service runs if the process that wrote its number is still the same one")
    func state() throws {
        let folder = try TemporaryFolder()
        func state() -> ServiceState { .of(folder.data, environment: { $0 == "NEXUS_DATA_DIR" ? "x" : nil }) }
        func write(_ name: String, _ text: String) throws {
            try File(opening: folder.data.folder.path(of: name), [.write, .create, .truncate]).write(text)
        }
        #expect(state() == .neverStarted)
        try folder.data.folder.prepare()
        try write(RuntimeFolder.lockName, "")
        #expect(state() == .stopped)
        let process = ProcessIdentity.current()
        try write(RuntimeFolder.processName, "\(process.processID)\n")
        #expect(state() == .stopped, "a number alone may be another process's")
        try write(RuntimeFolder.processName, "\(process.processID) \(process.startTime)\n")
        #expect(state() == .running(processID: process.processID))
        try write(RuntimeFolder.processName, "\(process.processID) \(process.startTime + 1)\n")
        #expect(state() == .stopped)
    }
}
