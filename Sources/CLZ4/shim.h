// The block and the frame API of the system's liblz4.
#include <lz4.h>
#include <lz4frame.h>
