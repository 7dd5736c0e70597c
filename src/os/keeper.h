// The process between this program and another one that may leave nothing running: whatever that
// one starts, the keeper becomes the parent of it once it has no other (PR_SET_CHILD_SUBREAPER). So
// also what has left the process group, by setsid or a double fork, is found among the keeper's own
// children, and nothing else is. To be that parent in this program itself was rejected: its other
// children, and as process 1 of a container those of strangers, would look the same.
//
// It lives in the child of a program with threads, so only calls that are safe there: nothing here
// allocates or throws. Inside this folder only.
#pragma once

#include <sys/types.h>

#include <span>

namespace lifeboat::os {

// What a keeper is told to do, a byte through a socket: send SIGTERM to the program's group. When
// the other end of the socket closes, however this program ended, it kills everything.
constexpr char kKeeperTerminates = 'T';

// Makes the calling process, which was just forked, a keeper: with a group of its own, deaf to
// signals, and with no open file but `kept`, which it sorts.
void become_keeper(std::span<int> kept);

// Closes all files but `kept`, which it sorts.
void close_files_but(std::span<int> kept);

// Returns the wait status of `program`, a child and the leader of its group, when it has ended by
// itself or the socket `commands` is at its end, and no descendant of the keeper is left. What
// can't be killed within five seconds (the kernel waits for a disk) is left to die when it can.
int keep(pid_t program, int commands);

}  // namespace lifeboat::os
