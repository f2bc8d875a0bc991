#ifndef NEXUS_PLATFORM_H
#define NEXUS_PLATFORM_H

/* Declarations that Swift's Glibc module does not provide. */
#include "crc32c.h"

#include <spawn.h>
#include <unistd.h>

/// POSIX_SPAWN_SETSID. The C library defines it only if GNU extensions are requested before the first include.
enum NexusSpawnFlags { NEXUS_SPAWN_SETSID = 0x80 };

/// Closes every descriptor from `lowest` on in a new program. The C library declares this function only if GNU
/// extensions are requested before the first include.
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int lowest);

/// F_SETPIPE_SZ of fcntl(2). The C library defines it only if GNU extensions are requested before the first include.
enum NexusPipeCommands { NEXUS_SET_PIPE_SIZE = 1031 };

/// Returns the environment to pass to a new program. Swift code cannot use the variable `environ` directly, because
/// Swift treats it as shared mutable state.
static inline char *const *nexus_environment(void) {
    extern char **environ;
    return environ;
}

/// The number of arguments that the system passed to this process, including the program's name.
int nexus_argument_count(void);

/// Returns the argument at `index`, or NULL if there is no such argument. Argument 0 is the program's name. The string
/// lives as long as the process.
char *nexus_argument(int index);

/// The path with which this process's program was started, or NULL if unknown. The path may be relative.
const char *nexus_executable_name(void);

/// Prevents the system from writing this process's memory into a core file, or from passing it to a program for core
/// files.
void nexus_forbid_core_file(void);

/// Starts writing a whole file to disk, without waiting (sync_file_range(2), a GNU extension).
void nexus_start_writing_out(int descriptor);

/// Opens a new pseudo-terminal. Writes the path of the end that a program uses as its terminal to `name`, a buffer of
/// `length` bytes. Returns the descriptor of the other end, which new programs do not inherit; -1 with `errno` if the
/// call fails.
int nexus_open_terminal(char *name, size_t length);

/// The commit that this program was built from; empty if no commit was written into the program. The text lives as
/// long as the process.
const char *nexus_commit(void);

#endif
