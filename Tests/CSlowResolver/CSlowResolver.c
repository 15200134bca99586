#define _GNU_SOURCE
#include "CSlowResolver.h"
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_int slow;

int slowLookups(void) { return atomic_load(&slow); }

int getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    if (node != NULL && strncmp(node, "slow-", 5) == 0) {
        atomic_fetch_add(&slow, 1);
        usleep(1000000);
        node = "127.0.0.1";
    }
    return real(node, service, hints, result);
}
