#include "platform.h"

#include <sys/prctl.h>

/* The limit on core files (RLIMIT_CORE) would not do: it does not count where the system hands them to a program, and a
   program that this one starts would inherit it. */
void nexus_forbid_core_file(void) { (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
