#include "platform.h"

#include <sys/prctl.h>

/* The limit on core files (RLIMIT_CORE) does not suffice. The system ignores the limit when it passes core files to
   a program. Programs that this process starts would also inherit the limit. */
void nexus_forbid_core_file(void) { (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
