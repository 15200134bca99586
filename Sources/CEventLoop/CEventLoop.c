#define _GNU_SOURCE
#include "CEventLoop.h"
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

// One loop per process, on one thread: other threads' reads are their own business.
static _Thread_local EventLoopAdmit admitReceived;
static _Thread_local void *admitContext;

void eventLoopAdmitReceived(EventLoopAdmit admit, void *context) {
    admitReceived = admit;
    admitContext = context;
}

int eventLoopUnacknowledgedBytes(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void eventLoopAbandon(int descriptor) {
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    shutdown(descriptor, SHUT_RDWR);
}

// In the place of the C library's: the dynamic linker binds libwebsockets to it (Decisions/0002 of
// EventLoop). Without `admit` it does what that one does.
__attribute__((visibility("default"))) ssize_t recv(
    int descriptor, void *bytes, size_t count, int flags) {
    ssize_t received = recvfrom(descriptor, bytes, count, flags, NULL, NULL);
    if (received <= 0 || admitReceived == NULL || (flags & MSG_PEEK) != 0) return received;
    size_t admitted = admitReceived(admitContext, descriptor, bytes, (size_t)received);
    if (admitted > 0) return (ssize_t)admitted;
    // As if nothing had come: zero would mean that the peer has ended.
    errno = EAGAIN;
    return -1;
}

int eventLoopAccept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
