#define _GNU_SOURCE
#include "CEventLoop.h"

int eventLoopAccept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
