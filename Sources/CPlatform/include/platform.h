#ifndef NEXUS_PLATFORM_H
#define NEXUS_PLATFORM_H

/* System calls that Swift's Glibc module does not show. */
#include <sys/signalfd.h>

#include "crc32c.h"

#endif
