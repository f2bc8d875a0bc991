#ifndef NEXUS_PLATFORM_H
#define NEXUS_PLATFORM_H

/* Declarations that Swift's Glibc module does not provide. */
#include "crc32c.h"

#include <spawn.h>
#include <unistd.h>

/// POSIX_SPAWN_SETSID. The C library defines it only if GNU extensions are requested before the first include.
enum NexusSpawnFlags { NEXUS_SPAWN_SETSID = 0x80 };

/// Closes every descriptor from `lowest` on in a new program. The C library declares it under the same condition.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int lowest);

/// F_SETPIPE_SZ of fcntl(2), which the C library defines under the same condition.
enum NexusPipeCommands { NEXUS_SET_PIPE_SIZE = 1031 };

/// The environment to pass to a new program. Swift treats the variable `environ` itself as shared mutable state.
static inline char *const *nexus_environment(void) {
    extern char **environ;
    return environ;
}

/// The arguments of this process as the system passed them. The first is the program's name. The strings live as
/// long as the process.
int nexus_argument_count(void);
char *nexus_argument(int index);

/// The path with which this process's program was started, or NULL if unknown. The path may be relative.
const char *nexus_executable_name(void);

/// Keeps the system from writing this process's memory into a core file, wherever core files go.
void nexus_forbid_core_file(void);

/// Starts writing a whole file to disk, without waiting (sync_file_range(2), a GNU extension).
void nexus_start_writing_out(int descriptor);

/// Opens a new pseudo-terminal. Writes the path of the program's end to `name`, a buffer of `length` bytes. Returns the
/// descriptor of the controlling end, which new programs do not inherit; -1 with `errno` if the call fails.
int nexus_open_terminal(char *name, size_t length);

/// The commit that this program was built from; empty if no commit was written into the program. The text lives as
/// long as the process.
const char *nexus_commit(void);

#endif
