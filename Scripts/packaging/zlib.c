/*
 * Calls of the system's zlib, under the names of the copy of zlib in swift-nio-extras (CNIOExtrasZlib).
 *
 * AsyncHTTPClient links that copy for compressed answers, which Nexus never asks for. The installed program is linked without
 * the copy, so that Debian's updates of zlib apply to it. The types are those of zlib.h; a function that a later version of
 * swift-nio-extras calls and that is missing here is an error of the linker.
 */
#include <zlib.h>

int cnioextras_z_deflateInit2_(z_streamp stream, int level, int method, int window_bits, int memory_level, int strategy,
                               const char *version, int size) {
    return deflateInit2_(stream, level, method, window_bits, memory_level, strategy, version, size);
}

int cnioextras_z_deflate(z_streamp stream, int flush) { return deflate(stream, flush); }

uLong cnioextras_z_deflateBound(z_streamp stream, uLong length) { return deflateBound(stream, length); }

int cnioextras_z_deflateEnd(z_streamp stream) { return deflateEnd(stream); }

int cnioextras_z_inflateInit2_(z_streamp stream, int window_bits, const char *version, int size) {
    return inflateInit2_(stream, window_bits, version, size);
}

int cnioextras_z_inflate(z_streamp stream, int flush) { return inflate(stream, flush); }

int cnioextras_z_inflateEnd(z_streamp stream) { return inflateEnd(stream); }
