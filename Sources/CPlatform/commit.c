#include "platform.h"

/* A section of its own, which Scripts/common.sh writes to in a finished program: the commit must not change what is compiled. */
__attribute__((section(".nexus_commit"), used)) static const volatile char commit[48] = "";

const char *nexus_commit(void) { return (const char *)commit; }
