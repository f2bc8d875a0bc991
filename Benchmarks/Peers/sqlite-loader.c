/*
 * The peer of the whole way into the database: what SQLite itself takes for the same rows, bound from memory.
 *
 *   sqlite-loader DATABASE CSV ROWS GROUP
 *
 * Reads rows of CSV into memory, then inserts ROWS of them, over and over in turn, GROUP to a statement and 32768 to a
 * transaction, into a new database in WAL mode with the pages that Nexus uses, and checkpoints it at the end. Nothing is
 * decoded, checked or hashed.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 12, LARGEST_GROUP = 50, TRANSACTION = 32768, KEPT = 65536 };

struct field {
    const char *text;
    int length;
    long long number;
};

static struct field (*rows)[COLUMNS];
static long row_count, group;

static void check(int result, sqlite3 *database) {
    if (result == SQLITE_OK || result == SQLITE_DONE) return;
    fprintf(stderr, "sqlite-loader: %s\n", sqlite3_errmsg(database));
    exit(1);
}

/* Columns that hold numbers: duration, success, services, ports. */
static int is_number(int column) { return column == 6 || column == 7 || column == 10 || column == 11; }

/* Every line is a row: its number, then the twelve columns. */
static void load(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file || !(rows = malloc(sizeof *rows * KEPT))) exit(1);
    while (row_count < KEPT && getline(&line, &room, file) > 0) {
        char *copy = strdup(line), *next = strchr(copy, ',');
        copy[strcspn(copy, "\n")] = 0;
        for (int column = 0; column < COLUMNS && next; column++) {
            char *start = next + 1;
            next = strchr(start, ',');
            if (next) *next = 0;
            rows[row_count][column] = (struct field){*start ? start : NULL, (int)strlen(start), atoll(start)};
        }
        row_count++;
    }
    fclose(file);
}

static void bind(sqlite3_stmt *statement, int place, const struct field *row) {
    for (int column = 0; column < COLUMNS; column++) {
        int parameter = place * COLUMNS + column + 1;
        if (!row[column].text) sqlite3_bind_null(statement, parameter);
        else if (is_number(column)) sqlite3_bind_int64(statement, parameter, row[column].number);
        else sqlite3_bind_text(statement, parameter, row[column].text, row[column].length, SQLITE_STATIC);
    }
}

static sqlite3_stmt *prepare(sqlite3 *database) {
    static char sql[4096];
    strcpy(sql, "INSERT INTO events (timestamp, session_id, event_type, workspace_hash, task_hash, command, duration_ms,"
                " success, error_category, template_used, services_count, ports_used) VALUES ");
    for (int i = 0; i < group; i++) strcat(sql, i ? ",(?,?,?,?,?,?,?,?,?,?,?,?)" : "(?,?,?,?,?,?,?,?,?,?,?,?)");
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), database);
    return statement;
}

int main(int count, char **arguments) {
    if (count != 5) return 64;
    load(arguments[2]);
    long wanted = atol(arguments[3]);
    group = atol(arguments[4]);
    if (group < 1 || group > LARGEST_GROUP || wanted % group) return 64;
    if (!row_count) return 65;
    sqlite3 *database;
    check(sqlite3_open(arguments[1], &database), database);
    check(sqlite3_exec(database,
                       "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                       "CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,"
                       "session_id TEXT NOT NULL, event_type TEXT NOT NULL, workspace_hash TEXT, task_hash TEXT,"
                       "command TEXT, duration_ms INTEGER, success BOOLEAN, error_category TEXT, template_used TEXT,"
                       "services_count INTEGER, ports_used INTEGER); BEGIN",
                       NULL, NULL, NULL),
          database);
    sqlite3_stmt *statement = prepare(database);
    for (long row = 0; row < wanted; row += group) {
        for (int place = 0; place < group; place++) bind(statement, place, rows[(row + place) % row_count]);
        check(sqlite3_step(statement), database);
        sqlite3_reset(statement);
        if (row / TRANSACTION != (row + group) / TRANSACTION)
            check(sqlite3_exec(database, "COMMIT; BEGIN", NULL, NULL, NULL), database);
    }
    check(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), database);
    sqlite3_finalize(statement);
    check(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), database);
    return sqlite3_close(database);
}
