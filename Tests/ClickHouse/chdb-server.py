#!/usr/bin/env python3
"""A current ClickHouse behind its HTTP interface, for tests: chdb-core has the engine, and no server.

Usage: chdb-server.py PORT FOLDER

It answers GET and POST with the parameter "query"; a POST's body follows the statement. As on a server, a GET changes
nothing, an error has the status 500 and its message as the body, and limits that follow the query are ignored.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session

READING = ("SELECT", "EXISTS", "SHOW", "DESCRIBE", "WITH")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.run(self.statement())

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode("utf-8")
        statement = self.statement()
        self.run(statement + "\n" + body if statement else body)

    def statement(self):
        values = parse_qs(urlsplit(self.path).query, keep_blank_values=True).get("query", [""])
        return values[0]

    def run(self, statement):
        if not statement.strip():
            return self.answer(200, b"Ok.\n")
        if self.command == "GET" and not statement.lstrip().upper().startswith(READING):
            return self.answer(500, b"Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)\n")
        try:
            result = session.query(statement, "TabSeparated")
            self.answer(200, result.bytes() if hasattr(result, "bytes") else str(result).encode())
        except Exception as error:
            self.answer(500, (str(error).strip() + "\n").encode())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


session = Session(sys.argv[2])
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
