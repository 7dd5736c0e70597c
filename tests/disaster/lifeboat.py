"""How lifeboat is called, and what it says."""
import json
import os
import signal
import subprocess
import threading

LONGEST_SECONDS = 120


class Lifeboat:
    """How it is called."""

    def __init__(self, program, folder, bucket, log):
        self.program, self.folder, self.log = str(program), folder, log
        scratch = folder / "scratch"
        scratch.mkdir()
        unwanted = ("LIFEBOAT_", "ETCDCTL_", "AWS_", "HTTP_", "HTTPS_", "http_", "https_")
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(unwanted)}
        self.environment.update(bucket.environment(), TMPDIR=str(scratch))
        self.lock, self.number = threading.Lock(), 0

    def start(self, arguments, start=subprocess.Popen, before=()):
        """A process, with its outputs in files: `out` and `err`."""
        with self.lock:
            self.number += 1
            number = self.number
        paths = [self.folder / "runs" / f"{number}.{kind}" for kind in ("out", "err")]
        with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
            process = start([*before, self.program, *map(str, arguments)],
                            stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                            env=self.environment)
        process.out, process.err = paths
        return process

    def wait(self, process, seconds=LONGEST_SECONDS):
        """Ended: (status, output as JSON or None, errors). Status None: it had to be killed."""
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.wait()
            status = None
        out, err = (path.read_text(errors="replace") for path in (process.out, process.err))
        self.log.note(f"         {' '.join(map(str, process.args[-40:]))}\n"
                      f"         ended with {status}, {process.err.name}\n{err}")
        process.out.unlink()
        process.err.unlink()
        try:
            return status, json.loads(out), err
        except ValueError:
            return status, None, err

    def run(self, *arguments):
        return self.wait(self.start(arguments))
