"""Ports, processes and the end of all of them."""
import ctypes
import os
import pathlib
import signal
import socket
import time

PR_SET_CHILD_SUBREAPER = 36
# Below what the kernel hands out for outgoing connections, so that a port is free again when a
# member comes back to it.
next_port = 15000 + os.getpid() % 1600 * 10


def take_port():
    global next_port
    while True:
        next_port += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", next_port))
                return next_port
            except OSError:
                pass


def adopt_orphans():
    """From here on the children of a child that dies are ours, so that none is left behind."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children():
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.append(int(folder.name))
    return found


def kill_children():
    """Stopped ones die of SIGKILL too; what they leave comes to us and dies next."""
    for _ in range(200):
        alive = children()
        if not alive:
            return
        for pid in alive:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except (ProcessLookupError, ChildProcessError):
                pass
        time.sleep(0.05)


def wait_until(condition, seconds, step=0.1):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
