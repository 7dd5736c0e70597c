"""docs/BENCHMARKS.md: the measured numbers, beside the targets, and what they were measured on."""
import datetime
import os
import platform
import re
import shutil
import subprocess

import etcd
import restore

# What a name begins with; the wall and, where there is one, the CPU time that ours may take, as a
# multiple of the peer's.
TARGETS = {
    "backup": (0.8, 0.7),
    "verify, every check": (1.2, None),
    "verify, no trailer": (0.8, None),
    "restore": (0.6, None),
    "zstd and age": (1.25, None),
}

HEAD = """# Benchmarks

What lifeboat takes beside the tools that users have today: the same work, in the same run, on the
same machine. Each number is the median of %(runs)d alternating runs, after one of each that does not
count. Before each run 2 GiB of memory are touched and given back, so that both find a virtual machine's
memory in the same state. Databases have about 1 GiB: `flat` is 100,000 keys with two revisions each
and values of 4 KiB, `kubernetes` has kinds and sizes as an API server writes them. Repeat it with

<!-- needs a build, a quiet machine -->
```sh
scripts/setup --etcd-versions
scripts/build-release
scripts/bench --write-docs        # writes this file; without the flag it prints only
```

Nothing else should run then. Ratios say more than seconds, and on a machine shared with others both
waver: the same bench an hour later was a tenth or two off here.

## Measured

%(date)s, on %(machine)s. Versions: %(versions)s.

| what : beside what | ours: s | CPU s | MiB | peer: s | CPU s | MiB | wall | CPU | target |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --- |
%(rows)s

The commands of the peers:

%(commands)s

`verify` and `restore` prove all that they read; none of the peers does. What `lifeboat copy` takes
beside the chain alone is for reading and hashing both ends.

## Where a target is missed

%(missed)s
"""

# What the rest of the time is, by what the name begins with.
REASONS = {
    "backup": """**backup**. etcd needs a core to read, hash and send the stream, whoever asks for it:
a program that received it and threw it away took 0.65 to 0.70 of `etcdctl`'s wall time when this was
looked into. The proof after it is a tenth more, half of which is the member's own HashKV; it cannot
begin before the stream has ended, because the tree's root may lie near the end, as it does in
both databases here. Writing past the page cache (`O_DIRECT`) and giving its pages back while writing
cost more wall time than they saved CPU time.""",
    "restore": """**restore**. The database is read twice (proof, rebuild), hashed, written, and read
once more and compared, all of which `etcdutl` leaves out; its copy is the one step that both have.
Two thirds of the time is the rebuild, most of it the kernel's for pages of the new file; the proof
before and the comparison after take a sixth each.""",
}


def output_of(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine():
    """Cores, processor, memory, kernel."""
    info = dict(line.split(":", 1) for line in open("/proc/cpuinfo") if ":" in line)
    info = {key.strip(): value.strip() for key, value in info.items()}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2 ** 30
    return "%d cores of %s, %.0f GiB of memory, Linux %s%s" % (
        os.cpu_count(), info.get("model name", platform.machine()), memory,
        ".".join(platform.release().split(".")[:2]),
        ", virtual" if "hypervisor" in info.get("flags", "") else "")


def versions(root):
    lines = {
        "lifeboat": output_of(str(root / "build" / "release" / "lifeboat"), "version"),
        "etcd and etcdctl": output_of(etcd.binary(root, "etcd"), "--version"),
        "etcdutl": output_of(restore.peer_tool(root), "version"),
        "openssl": output_of("openssl", "version"),
        "zstd": output_of("zstd", "--version"),
        "age": output_of("age", "--version"),
        "rclone": output_of("rclone", "version") if shutil.which("rclone") else "",
    }
    found = []
    for name, text in lines.items():
        words = text.replace("*", " ").replace(",", " ").split()
        number = next((word for word in words if word.lstrip("v")[:1].isdigit()), None)
        if number:
            found.append("%s %s" % (name, number))
    return ", ".join(found)


def of_name(table, name):
    return next((table[begin] for begin in table if name.startswith(begin)), None)


def verdict(result):
    """The target in words, and whether it is met."""
    target = of_name(TARGETS, result["name"])
    if not target:
        return "", True
    wall, cpu = target
    met = result["ratio_wall"] <= wall and (cpu is None or result["ratio_cpu"] <= cpu)
    words = "wall ≤ %.2f" % wall + (", CPU ≤ %.2f" % cpu if cpu else "")
    return words + (": met" if met else ": **missed**"), met


def row(result):
    cells = []
    for side in (result["ours"], result["peer"]):
        cells += ["%.2f" % side["wall_s"], "%.2f" % side["cpu_s"], "%.0f" % side["rss_mib"]]
    return "| %s | %s | %.2f | %.2f | %s |" % (
        result["name"].replace(": ", " : ").replace("|", "\\|"), " | ".join(cells),
        result["ratio_wall"], result["ratio_cpu"], verdict(result)[0])


def commands(root, results):
    """Each once, without the paths of this machine and of this run."""
    seen = {}
    for result in results:
        words = result["peer"]["command"].replace(str(root) + "/", "")
        words = re.sub(r"/tmp\w{8}", "/scratch", words)
        seen.setdefault(result["name"].split(": ", 1)[-1], words)
    return "\n".join("- %s: `%s`" % item for item in seen.items())


def missed(results):
    names = {begin for begin in TARGETS for result in results
             if result["name"].startswith(begin) and not verdict(result)[1]}
    if not names:
        return "None is."
    return "\n\n".join(REASONS.get(name, "**%s**." % name) for name in TARGETS if name in names)


def write(root, results, runs):
    text = HEAD % {
        "runs": runs, "date": datetime.date.today().isoformat(),
        "machine": machine(), "versions": versions(root),
        "rows": "\n".join(row(result) for result in results),
        "commands": commands(root, results), "missed": missed(results)}
    (root / "docs" / "BENCHMARKS.md").write_text(text)
