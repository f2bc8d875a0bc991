#include "crc32c.h"

#include <string.h>

/// Computes one bit at a time with the reflected polynomial, for a processor without a CRC instruction.
static uint32_t continue_portable(uint32_t crc, const unsigned char *bytes, size_t length) {
    while (length--) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
        }
    }
    return crc;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t
continue_sse42(uint32_t crc, const unsigned char *bytes, size_t length) {
    uint64_t state = crc;
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = _mm_crc32_u64(state, word);
    }
    uint32_t rest = (uint32_t)state;
    if (length >= 4) {
        uint32_t word;
        memcpy(&word, bytes, 4);
        rest = _mm_crc32_u32(rest, word);
        bytes += 4;
        length -= 4;
    }
    while (length--) {
        rest = _mm_crc32_u8(rest, *bytes++);
    }
    return rest;
}

uint32_t nexus_crc32c(uint32_t crc, const void *bytes, size_t length) {
    crc = ~crc;
    crc = __builtin_cpu_supports("sse4.2") ? continue_sse42(crc, bytes, length)
                                           : continue_portable(crc, bytes, length);
    return ~crc;
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

uint32_t nexus_crc32c(uint32_t crc, const void *bytes, size_t length) {
    const unsigned char *next = bytes;
    crc = ~crc;
    for (; length >= 8; next += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
    }
    while (length--) {
        crc = __crc32cb(crc, *next++);
    }
    return ~crc;
}

#else

uint32_t nexus_crc32c(uint32_t crc, const void *bytes, size_t length) {
    return ~continue_portable(~crc, bytes, length);
}

#endif
