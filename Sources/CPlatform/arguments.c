#include "platform.h"

/* The C library passes them to every constructor; a program that is linked statically too. The Swift runtime reads them from
   /proc, which may be missing, or from below the environment, which a preloaded library may have moved. */
static int count;
static char **list;

__attribute__((constructor)) static void keep(int argument_count, char **arguments) {
    count = argument_count;
    list = arguments;
}

int nexus_argument_count(void) { return count; }
char *nexus_argument(int index) { return index >= 0 && index < count ? list[index] : 0; }
