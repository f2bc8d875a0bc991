/*
 * The peer of the service's socket: the same bytes over a raw Unix socket, sent back as they come.
 *
 *   unix-socket serve PATH             echo for ever
 *   unix-socket echo PATH BATCHES      send batches of 100 events, wait for each to come back
 *   unix-socket nexus PATH BATCHES     send the same, wait for each to be acknowledged
 *
 * The last two print events a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 100, ROOM = 64 * 1024 };

static char batch[ROOM], answer[ROOM];

static int open_socket(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        fprintf(stderr, "unix-socket: the path is too long\n");
        exit(1);
    }
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static void write_all(int out, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(out, bytes, length);
        if (written <= 0) exit(1);
        bytes += written;
        length -= (size_t)written;
    }
}

static int serve(const char *path) {
    struct sockaddr_un address;
    int listener = open_socket(path, &address);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 8)) return 1;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        ssize_t got;
        while ((got = read(client, answer, ROOM)) > 0) write_all(client, answer, (size_t)got);
        close(client);
    }
}

/* Waits until as many bytes came back as were sent. */
static void await_echo(int in, size_t length) {
    while (length > 0) {
        ssize_t got = read(in, answer, ROOM);
        if (got <= 0) exit(1);
        length -= (size_t)got;
    }
}

/* Waits for the acknowledgement of `wanted` events in all. */
static void await_acknowledgement(int in, long wanted) {
    static const char key[] = "{\"accepted\":";
    for (long accepted = 0; accepted < wanted;) {
        ssize_t got = read(in, answer, ROOM - 1);
        if (got <= 0) exit(1);
        answer[got] = 0;
        for (char *next = answer; (next = strstr(next, key)); next++) accepted = atol(next + sizeof key - 1);
    }
}

int main(int count, char **arguments) {
    if (count == 3 && !strcmp(arguments[1], "serve")) return serve(arguments[2]);
    if (count != 4) return 64;
    struct sockaddr_un address;
    int server = open_socket(arguments[2], &address);
    if (connect(server, (void *)&address, sizeof address)) return 1;
    size_t length = 0;
    for (int i = 0; i < EVENTS; i++)
        length += (size_t)sprintf(
            batch + length,
            "{\"timestamp\":\"2026-11-23T10:%02d:00.000Z\",\"session_id\":\"s-945467f0\",\"event_type\":\"command\","
            "\"workspace\":\"design-system\",\"task\":\"TASK-3549 tune search\",\"command\":\"swift package\","
            "\"duration_ms\":%d,\"success\":true}\n",
            i % 60, 1000 + i);
    int is_echo = !strcmp(arguments[1], "echo");
    long batches = atol(arguments[3]);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 1; i <= batches; i++) {
        write_all(server, batch, length);
        if (is_echo) await_echo(server, length);
        else await_acknowledgement(server, i * EVENTS);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%.0f\n", (double)(batches * EVENTS) / seconds);
    return 0;
}
