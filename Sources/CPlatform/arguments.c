#include "platform.h"
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The arguments of this process. The C library passes them to every constructor, in a statically linked program too.
   The Swift runtime reads them from /proc, which may be missing, or from the memory below the environment. A preloaded
   library may have moved the environment. */
static int count;
static char **list;
static int has_added_root;

/* Runs before the constructors of the Swift runtime. A statically linked runtime looks for the program in /proc. If it
   does not find the program, it ends the process, unless SWIFT_ROOT names the folder of Swift. The runtime needs that
   folder only for the traces of crashes. */
__attribute__((constructor(101))) static void keep(int argument_count, char **arguments) {
    count = argument_count;
    list = arguments;
    if (getenv("SWIFT_ROOT") == 0 && access("/proc/self/exe", F_OK) != 0) has_added_root = setenv("SWIFT_ROOT", "/", 0) == 0;
}

int nexus_argument_count(void) {
    /* The runtime has already read SWIFT_ROOT. Programs that this process starts must not inherit the variable. */
    if (has_added_root) has_added_root = unsetenv("SWIFT_ROOT");
    return count;
}
char *nexus_argument(int index) { return index >= 0 && index < count ? list[index] : 0; }
const char *nexus_executable_name(void) { return (const char *)getauxval(AT_EXECFN); }
