#ifndef NEXUS_CRC32C_H
#define NEXUS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Returns the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `length` bytes and the bytes before them. `crc` is the
/// CRC-32C of the bytes before; pass 0 at the start.
///
/// The function is written in C because Swift provides no function for the CRC instruction of the processor.
uint32_t nexus_crc32c(uint32_t crc, const void *bytes, size_t length);

#endif
