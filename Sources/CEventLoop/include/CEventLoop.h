#pragma once
// What Swift cannot call by itself: variadic functions, function-like macros and constants whose
// value is an expression; and the one function of the C library that stands in for another. Nothing
// here decides anything.
#include <curl/curl.h>
#include <libwebsockets.h>
#include <stdint.h>
#include <sys/socket.h>

// Bytes that lws_write wants free in front of a payload, so that it can write the frame header there.
#define EVENT_LOOP_WRITE_HEADROOM 16
_Static_assert(LWS_PRE <= EVENT_LOOP_WRITE_HEADROOM, "libwebsockets wants more room before a payload");

static inline void eventLoopUseLibuv(struct lws_context_creation_info *info) {
    info->options |= LWS_SERVER_OPTION_LIBUV;
}

// Shows what `recv` received on the calling thread to `admit` before the caller of `recv` sees it.
// `admit` gives the number of leading bytes that the caller may have; null shows it to nobody.
typedef size_t (*EventLoopAdmit)(void *context, int descriptor, const void *bytes, size_t count);
void eventLoopAdmitReceived(EventLoopAdmit admit, void *context);

// Bytes sent that the peer's machine has not acknowledged; 0 if that cannot be known.
int eventLoopUnacknowledgedBytes(int descriptor);

// Lets go of all that the peer has not taken and ends both directions, so that a close that waits for
// the peer waits no more. The descriptor stays open.
void eventLoopAbandon(int descriptor);

// Takes a waiting connection, non-blocking and closed on exec; -1 and errno as `accept4`.
int eventLoopAccept(int listener, struct sockaddr *address, socklen_t *length);

// libcurl's setters and getters are variadic: one typed function per kind of argument.
static inline CURLcode eventLoopSetLong(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode eventLoopSetOffset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode eventLoopSetPointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode eventLoopSetText(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode eventLoopSetBytesCallback(
    CURL *easy, CURLoption option, size_t (*callback)(char *, size_t, size_t, void *)) {
    return curl_easy_setopt(easy, option, callback);
}
static inline CURLcode eventLoopSetResolverCallback(
    CURL *easy, int (*callback)(void *, void *, void *)) {
    return curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, callback);
}
// Called when a connection is ready and the first byte of the request is about to leave.
static inline CURLcode eventLoopSetBeforeRequestCallback(
    CURL *easy, int (*callback)(void *, char *, char *, int, int)) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
}
// Called when a name has been looked up and a socket was made for one of its addresses.
static inline CURLcode eventLoopSetSocketMadeCallback(
    CURL *easy, int (*callback)(void *, curl_socket_t, curlsocktype)) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, callback);
}
static inline CURLcode eventLoopGetLong(CURL *easy, CURLINFO information, long *value) {
    return curl_easy_getinfo(easy, information, value);
}
static inline CURLcode eventLoopGetPointer(CURL *easy, CURLINFO information, void **value) {
    return curl_easy_getinfo(easy, information, value);
}
static inline CURLMcode eventLoopSetMultiLong(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode eventLoopSetMultiPointer(CURLM *multi, CURLMoption option, void *value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode eventLoopSetMultiSocketCallback(
    CURLM *multi, int (*callback)(CURL *, curl_socket_t, int, void *, void *)) {
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
}
static inline CURLMcode eventLoopSetMultiTimerCallback(
    CURLM *multi, int (*callback)(CURLM *, long, void *)) {
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
}
static inline CURLcode eventLoopResult(const CURLMsg *message) { return message->data.result; }
