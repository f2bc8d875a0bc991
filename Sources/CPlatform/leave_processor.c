#define _GNU_SOURCE
#include "platform.h"

#include <sched.h>

void nexus_leave_a_processor(int thread) {
    cpu_set_t allowed;
    if (sched_getaffinity(thread, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
    int first = 0;
    while (!CPU_ISSET(first, &allowed)) first++;
    CPU_CLR(first, &allowed);
    (void)sched_setaffinity(thread, sizeof allowed, &allowed);
}
