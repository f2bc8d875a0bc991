#include "platform.h"
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The C library passes them to every constructor; a program that is linked statically too. The Swift runtime reads them from
   /proc, which may be missing, or from below the environment, which a preloaded library may have moved. */
static int count;
static char **list;
static int has_added_root;

/* Before the constructors of the Swift runtime: linked statically, it ends a program that it cannot find in /proc unless
   SWIFT_ROOT says where Swift is, which it needs for nothing but the traces of crashes. */
__attribute__((constructor(101))) static void keep(int argument_count, char **arguments) {
    count = argument_count;
    list = arguments;
    if (getenv("SWIFT_ROOT") == 0 && access("/proc/self/exe", F_OK) != 0) has_added_root = setenv("SWIFT_ROOT", "/", 0) == 0;
}

int nexus_argument_count(void) {
    /* The runtime has read it, and the programs that this one starts have not to find it. */
    if (has_added_root) has_added_root = unsetenv("SWIFT_ROOT");
    return count;
}
char *nexus_argument(int index) { return index >= 0 && index < count ? list[index] : 0; }
const char *nexus_executable_name(void) { return (const char *)getauxval(AT_EXECFN); }
