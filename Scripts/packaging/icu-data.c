/*
 * An empty table of ICU's data, in place of the one of 34 MB that Foundation's static library brings along.
 *
 * Nothing in Nexus asks for a locale: days are those of the C library, texts are compared by bytes, and dates of servers are
 * read by RetryAfter. With the table, the whole program is 78 MB; without, 44 MB. A linker that is given this object does not
 * take the member of the library that defines the same name. With a toolchain that has another version of ICU the name is
 * another one, and the program only stays as large.
 *
 * The layout is that of icu4c/source/stubdata/stubdata.cpp.
 */
#include <stdint.h>

struct data {
    uint16_t headerSize;
    uint8_t magic1, magic2;
    uint16_t infoSize, reservedWord;
    uint8_t isBigEndian, charsetFamily, sizeofUChar, reservedByte;
    uint8_t dataFormat[4], formatVersion[4], dataVersion[4];
    char padding[8];
    uint32_t count, reserved;
    const char *name;
    const void *entry;
};

__attribute__((aligned(16), visibility("default"))) const struct data icudt76_dat = {
    32, 0xda, 0x27, 20, 0, 0, 0, 2, 0, {'T', 'o', 'C', 'P'}, {1, 0, 0, 0}, {0, 0, 0, 0}, {0}, 0, 0, 0, 0};
