// The frame API of the system's liblz4, and its high-compression levels' constants.
#include <lz4frame.h>
