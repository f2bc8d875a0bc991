import Sync
import Testing

@Suite("Response classes")
struct ResponseClassTests {
    /// Every status that a document defines or a server is known to send, with its meaning.
    private static let table: [(ClosedRange<Int>, ResponseClass)] = [
        (100...199, .final(.unconfirmed)), (200...201, .success), (202...202, .final(.unconfirmed)),
        (203...205, .success), (206...300, .final(.unconfirmed)), (301...303, .final(.redirected)),
        (304...306, .final(.unconfirmed)), (307...308, .final(.redirected)), (309...399, .final(.unconfirmed)),
        (400...400, .final(.rejected)), (401...401, .final(.notPermitted)), (402...402, .final(.rejected)),
        (403...403, .final(.notPermitted)), (404...404, .final(.missing)), (405...406, .final(.rejected)),
        (407...407, .final(.proxyNotPermitted)), (408...408, .passing), (409...410, .final(.missing)),
        (411...412, .final(.rejected)), (413...413, .final(.tooLarge)), (414...420, .final(.rejected)),
        (421...421, .passing), (422...422, .final(.rejected)), (423...423, .passing), (424...424, .final(.rejected)),
        (425...425, .passing), (426...428, .final(.rejected)), (429...429, .passing), (430...499, .final(.rejected)),
        (500...500, .passing), (501...501, .final(.unsupported)), (502...504, .passing),
        (505...506, .final(.unsupported)), (507...507, .passing), (508...508, .final(.unsupported)),
        (509...509, .passing), (510...510, .final(.unsupported)), (511...511, .final(.networkLogin)),
        (512...999, .passing),
    ]

    @Test("Every status from 100 to 999 is success, permanent or temporary as in the table")
    func statuses() {
        #expect(Self.table.flatMap(\.0) == Array(100...999))
        for (range, expected) in Self.table {
            for status in range { #expect(ResponseClass(status: status) == expected, "\(status)") }
        }
    }

    @Test("An S3 error code that asks for another attempt makes an error temporary, and changes no success")
    func codes() {
        #expect(ResponseClass(status: 400, code: "RequestTimeout") == .passing)
        #expect(ResponseClass(status: 409, code: "ConditionalRequestConflict") == .passing)
        #expect(ResponseClass(status: 403, code: "AccessDenied") == .final(.notPermitted))
        #expect(ResponseClass(status: 200, code: "SlowDown") == .success)
    }
}

@Suite("Reasons of a server")
struct ServerReasonTests {
    @Test(
        "The server's sentence and code are found in text, JSON, XML and HTML",
        arguments: [
            ("out to lunch\nstack trace", nil, "out to lunch"), ("", nil, nil), ("  \n ", nil, nil),
            (#"{"error":{"code":"E1","message":"bucket is full"}}"#, "E1", "bucket is full"),
            (#"{"title":"Quota","detail":"3 of 3 GB used","status":507}"#, nil, "3 of 3 GB used"),
            (#"{"errors":[{"message":"no such bucket"}]}"#, nil, "no such bucket"),
            (#"{"error":"invalid_token"}"#, nil, "invalid_token"), (#"{"error":1}"#, nil, nil),
            ("{not JSON", nil, "{not JSON"),
            (
                "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Access &lt;Denied&gt;</Message></Error>",
                "AccessDenied", "Access <Denied>"
            ),
            (
                "<d:error xmlns:d=\"DAV:\"><s:exception>E</s:exception>\n<s:message>Files cannot\n be created</s:message>",
                nil, "Files cannot be created"
            ),
            ("<html><head><title>404 Not Found</title></head><body><h1>x</h1>", nil, "404 Not Found"),
            ("<html><body>", nil, nil), ("<", nil, nil), ("<message", nil, nil), ("<message></message>", nil, nil),
        ] as [(String, String?, String?)])
    func found(body: String, code: String?, text: String?) {
        let reason = ServerReason(body: body)
        #expect(reason.code == code)
        #expect(reason.text == text)
    }

    @Test("A long sentence is truncated")
    func bounded() {
        let body = String(repeating: "x", count: 4096)
        for body in [body, "{\"message\":\"\(body)\"}", "<message>\(body)</message>"] {
            #expect(ServerReason(body: body).text?.count == 301)
        }
    }
}
