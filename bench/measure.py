"""Runs commands in turn and compares what they cost."""
import mmap
import os
import statistics
import time

RUNS = 9

# As much as a run writes, with its part of the page cache.
WARM_BYTES = 2 << 30


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as file:
        kib = next(line.split()[1] for line in file if line.startswith("MemAvailable:"))
    return int(kib) * 1024


def warm_memory():
    """Touches memory and gives it back. Where the machine is virtual, what its host has taken away
    costs whoever comes first more than all of a run's work: now nobody is the first. In a process
    of its own, since a peak of this one would count as its children's."""
    child = os.fork()
    if child == 0:
        with mmap.mmap(-1, min(WARM_BYTES, available_bytes() // 4)) as memory:
            for offset in range(0, len(memory), mmap.PAGESIZE):
                memory[offset] = 1
        os._exit(0)
    os.waitpid(child, 0)


def run_once(command, before=None):
    """Wall and CPU seconds and peak resident MiB of one run; ends the bench if it fails."""
    if before:
        before()
    warm_memory()
    started = time.monotonic()
    child = os.posix_spawn(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - started
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit("bench: exit %d: %s" % (os.waitstatus_to_exitcode(status),
                                                 " ".join(command)))
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime,
            "rss_mib": usage.ru_maxrss / 1024}


def median(runs):
    return {key: round(statistics.median(run[key] for run in runs), 4) for key in runs[0]}


def compare(name, ours, peer, before=None, runs=RUNS):
    """Alternating runs of both, after one of each that does not count."""
    run_once(ours, before)
    run_once(peer, before)
    pairs = [(run_once(ours, before), run_once(peer, before)) for _ in range(runs)]
    result = {"name": name, "ours": median([pair[0] for pair in pairs]),
              "peer": {"command": " ".join(peer), **median([pair[1] for pair in pairs])}}
    result["ratio_wall"] = round(result["ours"]["wall_s"] / result["peer"]["wall_s"], 3)
    result["ratio_cpu"] = round(result["ours"]["cpu_s"] / result["peer"]["cpu_s"], 3)
    return result


def print_table(results):
    print("%-44s %21s %21s %7s %7s" % ("", "ours: s, CPU s, MiB", "peer: s, CPU s, MiB", "wall",
                                       "CPU"))
    for result in results:
        cells = ["%6.2f %6.2f %7.0f" % (side["wall_s"], side["cpu_s"], side["rss_mib"])
                 for side in (result["ours"], result["peer"])]
        print("%-44s %21s %21s %6.2fx %6.2fx" % (result["name"], *cells, result["ratio_wall"],
                                                 result["ratio_cpu"]))
