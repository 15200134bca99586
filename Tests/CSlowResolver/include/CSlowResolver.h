#pragma once
// For tests: takes getaddrinfo's place in the process. A name that begins with "slow-" is looked up
// after a second, as 127.0.0.1; every other name goes to the system.
// Returns how many look-ups of slow names have begun.
int slowLookups(void);
