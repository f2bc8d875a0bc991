import Glibc

/// The layout of a line.
enum LineFormat {
    /// One JSON object a line, as the recorder reads it.
    case json
    /// Flat comma-separated values without a header, in the column order of the event table.
    case csv
}

/// Turns events into lines and sends them to standard output in large blocks.
///
/// Every name is turned into bytes once, before the first line; a line is then only a chain of copies.
struct LineWriter {
    /// The lines that have not been written yet.
    var bytes = ByteBuffer()
    /// The catalogue's names in the form that the format needs.
    let names: RenderedNames

    private let format: LineFormat
    private var renderedDay = -1
    private var renderedDate: [UInt8] = []

    /// A writer for events whose names come from this catalogue.
    init(format: LineFormat, catalogue: Catalogue) {
        self.format = format
        names = RenderedNames(format: format, catalogue: catalogue)
    }

    /// Adds one line.
    mutating func write(_ event: Event) throws(OutputError) {
        if event.day != renderedDay {
            render(day: event.day)
        }
        switch format {
        case .json: appendObject(event)
        case .csv: appendRow(event)
        }
        if bytes.content.count >= blockSize {
            try flush()
        }
    }

    /// Writes what is still waiting; the writer must not be left without this.
    mutating func finish() throws(OutputError) {
        try flush()
    }

    /// Adds the time of an event, such as 2026-11-23T09:30:00.250, with the given byte before the hours.
    mutating func appendTime(_ event: Event, separator: UInt8) {
        let colon = UInt8(ascii: ":")
        let seconds = event.millisecond / 1_000
        bytes.append(renderedDate)
        bytes.append(separator)
        bytes.append(decimal: seconds / 3_600, digits: 2)
        bytes.append(colon)
        bytes.append(decimal: seconds / 60 % 60, digits: 2)
        bytes.append(colon)
        bytes.append(decimal: seconds % 60, digits: 2)
        bytes.append(UInt8(ascii: "."))
        bytes.append(decimal: event.millisecond % 1_000, digits: 3)
    }

    /// Adds the name of a session.
    mutating func appendSession(_ session: SessionName) {
        bytes.append(UInt8(ascii: "s"))
        bytes.append(UInt8(ascii: "-"))
        bytes.append(hexadecimal: UInt64(session.bits), digits: SessionName.digits)
    }

    private mutating func render(day: Int) {
        let date = CalendarDay(number: day).date
        var text = ByteBuffer()
        text.append(decimal: date.year, digits: 4)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: date.month, digits: 2)
        text.append(UInt8(ascii: "-"))
        text.append(decimal: date.day, digits: 2)
        renderedDay = day
        renderedDate = text.content
    }

    private mutating func flush() throws(OutputError) {
        try FileOutput.write(bytes.content, to: STDOUT_FILENO)
        bytes.removeAll()
    }
}

/// A block is written as soon as it holds this many bytes.
private let blockSize = 1 << 17
