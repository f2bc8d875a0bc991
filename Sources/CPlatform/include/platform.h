#ifndef NEXUS_PLATFORM_H
#define NEXUS_PLATFORM_H

/* What Swift's Glibc module does not show. */
#include "crc32c.h"

#include <spawn.h>
#include <unistd.h>

/// POSIX_SPAWN_SETSID, which the C library names only where GNU extensions are asked for before anything is included.
enum NexusSpawnFlags { NEXUS_SPAWN_SETSID = 0x80 };

/// Closes every descriptor from `lowest` on in a new program; the C library shows it likewise.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int lowest);

/// F_SETPIPE_SZ of fcntl(2), likewise.
enum NexusPipeCommands { NEXUS_SET_PIPE_SIZE = 1031 };

/// The environment to hand to a new program. Swift takes the variable itself for one that any thread may change.
static inline char *const *nexus_environment(void) {
    extern char **environ;
    return environ;
}

/// The arguments of this process, its name first, as the system passed them; the strings live as long as the process.
int nexus_argument_count(void);
char *nexus_argument(int index);

/// The path of this process's program as it was named when it was started, which may be relative; 0 if unknown.
const char *nexus_executable_name(void);

/// Keeps the system from writing this process's memory into a core file, wherever core files go.
void nexus_forbid_core_file(void);

/// sync_file_range(2) over a whole file, to start and not to wait: a GNU extension.
void nexus_start_writing_out(int descriptor);

/// Opens a new pseudo-terminal, and writes the path of the end for a program to `name`, which has `length` bytes. Returns the
/// descriptor of the other end, which new programs do not inherit; -1 with `errno` if it cannot be opened.
int nexus_open_terminal(char *name, size_t length);

/// The commit that this program was built of, a text that lives as long as the process; empty where none was written into it.
const char *nexus_commit(void);

#endif
