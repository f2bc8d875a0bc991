#include "platform.h"

/* The commit has its own section. Scripts/common.sh writes the commit into this section of a finished program, so that
   a new commit does not change the compiled code. */
__attribute__((section(".nexus_commit"), used)) static const volatile char commit[48] = "";

const char *nexus_commit(void) { return (const char *)commit; }
