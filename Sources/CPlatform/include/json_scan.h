#ifndef NEXUS_JSON_SCAN_H
#define NEXUS_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Where the first byte of `bytes` at or after `from` stands that ends or interrupts a plain ASCII string in JSON: a quote,
/// a backslash, a control character or anything beyond ASCII; `count` when there is none. Reads nothing outside of the
/// `count` bytes; `from` is at most `count`.
///
/// C, not Swift, for one reason: sixteen bytes at a time take an instruction that Swift cannot name.
static inline size_t nexus_json_string_end(const unsigned char *bytes, size_t from, size_t count) {
#if defined(__SSE2__)
    if (count >= 16) {
        // As signed numbers the bytes beyond ASCII are negative, so that one comparison finds them with the control
        // characters.
        const __m128i blank = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
        while (from < count) {
            // The last sixteen bytes are looked at again where fewer are left.
            size_t start = from + 16 <= count ? from : count - 16;
            __m128i text = _mm_loadu_si128((const __m128i *)(bytes + start));
            __m128i found = _mm_or_si128(_mm_cmplt_epi8(text, blank),
                                         _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)));
            unsigned mask = (unsigned)_mm_movemask_epi8(found) >> (from - start);
            if (mask) return from + (size_t)__builtin_ctz(mask);
            from = start + 16;
        }
        return count;
    }
#endif
    while (from < count) {
        unsigned char byte = bytes[from];
        if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
        from++;
    }
    return from;
}

#endif
