#ifndef NEXUS_CRC32C_H
#define NEXUS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// The CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `length` bytes, continued from `crc`; start with 0.
///
/// It is written in C because Swift has no name for the CRC instruction of the processor.
uint32_t nexus_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
