"""What one would write in an afternoon: lines of JSON into the table of events, with what Python brings along.

    python-loader.py DATABASE EVENTS
"""

import itertools
import json
import sqlite3
import sys

COLUMNS = (
    "timestamp session_id event_type workspace task command duration_ms success error_category template_used"
    " services_count ports_used"
).split()

database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute(f"CREATE TABLE events (id INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
insert = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
with open(sys.argv[2], encoding="utf-8") as lines:
    rows = (tuple(map(json.loads(line).get, COLUMNS)) for line in lines)
    while batch := list(itertools.islice(rows, 10_000)):
        with database:
            database.executemany(insert, batch)
