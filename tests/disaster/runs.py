"""Backups: killed, stopped, with a clock of their own or with system calls that fail."""
import shutil
import signal
import threading
import time

import clock
import plan
import weather

# None of it may stand in what a run says, whatever happens.
BROKEN = ("terminate called", "Sanitizer", "runtime error:", "std::", "core dumped")


class Runner(threading.Thread):
    """One backup after another, until it is told to pause."""

    def __init__(self, disaster):
        super().__init__(daemon=True)
        self.disaster, self.counts = disaster, disaster.counts
        self.gate, self.is_idle = threading.Event(), threading.Event()
        self.lease_left = None
        self.error = None

    def run(self):
        try:
            while True:
                if not self.gate.is_set():
                    self.is_idle.set()
                    self.gate.wait()
                    self.is_idle.clear()
                planned = self.disaster.plan.next_run()
                if self.gate_closes_within(planned.pause):
                    continue
                self.disaster.chores()
                self.let_leases_run_out(planned.dice.random() < 0.5)
                self.back_up(planned)
        except BaseException as error:  # The main thread tells of it.
            self.error = error
            self.is_idle.set()
            raise

    def gate_closes_within(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.gate.is_set():
                return True
            time.sleep(0.05)
        return False

    def pause(self):
        self.gate.clear()
        self.is_idle.wait()
        if self.error:
            raise SystemExit(f"disaster: the runs broke: {self.error!r}")

    def go_on(self):
        self.is_idle.clear()
        self.gate.set()

    def let_leases_run_out(self, wanted=True):
        if self.lease_left and wanted:
            with self.disaster.holdup.awake:
                self.disaster.bucket.let_leases_run_out()
            self.counts.fault("bucket's clock jumps")
            self.disaster.weather.end(self.lease_left)
            self.disaster.weather.spells.remove(self.lease_left)
            self.lease_left = None

    # ---- One backup ----

    def arguments(self, planned):
        disaster = self.disaster
        urls = [disaster.url(place) for place in planned.places]
        tls = disaster.cluster.tls
        flags = ["backup", "--vault", urls[0], "--cluster", planned.cluster, "-o", "json",
                 "--endpoints", disaster.lines.endpoints(), "--cacert", tls / "ca.crt",
                 "--cert", tls / "client.crt", "--key", tls / "client.key",
                 "--host-root", disaster.node, "--platform", "kubeadm",
                 "--dial-timeout", "2s", "--first-byte-timeout", "4s", "--stall-timeout", "4s",
                 "--keep-last", planned.keeps]
        for url in urls[1:]:
            flags += ["--also-to", f"{url}?keep-last={planned.keeps}"]
        return flags

    def back_up(self, planned):
        begin = time.monotonic()
        kind, process, disturb = self.begin(planned)
        spell = self.disaster.weather.begin(kind) if kind else None
        extra = disturb() if disturb else None
        status, answer, errors = self.disaster.lifeboat.wait(process)
        felt = weather.felt_in(planned.places, self.disaster.weather.felt_since(begin))
        if spell:
            self.disaster.weather.end(spell)
            self.disaster.weather.spells.remove(spell)
        self.look_for_lease(planned, status, felt)
        if planned.cluster == "clock" and self.disaster.is_from_the_future("clock", answer):
            felt.add("clock")
        self.judge(planned, status, answer, errors, felt)
        if extra:
            self.judge(planned, *self.disaster.lifeboat.wait(extra), felt | {"lease left"})
        if planned.prunes:
            self.prune(planned)
        self.disaster.look()

    def look_for_lease(self, planned, status, felt):
        """Whether the run may not have given back its lease of the bucket."""
        ended_well = status in (weather.DONE, weather.ATTENTION)
        disturbed = any(kind.startswith(("bucket", "clock", "lifeboat", "system")) for kind in felt)
        if "bucket" in planned.places and not (ended_well and not disturbed):
            self.lease_left = self.lease_left or self.disaster.weather.begin("lease left")

    def begin(self, planned):
        """Its fault's kind, the process, and what is to be done to it, if anything is."""
        fault, dice, arguments = planned.fault, planned.dice, self.arguments(planned)
        start = self.disaster.lifeboat.start
        if fault == "lifeboat killed":
            process = start(arguments)
            return fault, process, lambda: self.kill(process, dice.uniform(0, 1.2))
        if fault == "lifeboat stopped":
            process = start(arguments)
            return fault, process, lambda: self.stop(
                process, dice.uniform(0, 1.0), dice.uniform(0.5, 6), arguments)
        if fault.startswith("clock"):
            started = self.start_with_clock(fault, dice, arguments)
            if started:
                return started
        if fault == "system call fails":
            started = self.start_with_strace(fault, dice, arguments)
            if started:
                return started
        return "", start(arguments), None

    def kill(self, process, moment):
        time.sleep(moment)
        if process.poll() is None:
            process.kill()
            self.counts.fault("lifeboat killed", f"after {moment:.2f} s")

    def stop(self, process, moment, seconds, arguments):
        """In the meantime another run tries the same."""
        time.sleep(moment)
        if process.poll() is not None:
            return None
        process.send_signal(signal.SIGSTOP)
        self.counts.fault("lifeboat stopped", f"after {moment:.2f} s, for {seconds:.1f} s")
        extra = self.disaster.lifeboat.start(arguments)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)
        return extra

    def start_with_clock(self, fault, dice, arguments):
        jump, moment = dice.choice(plan.JUMPS), dice.uniform(0, 0.8)
        in_run = fault.endswith("in a run")
        try:
            process = self.disaster.lifeboat.start(
                arguments, lambda command, **options: clock.JumpingProcess(
                    command, 0 if in_run else jump, **options))
        except clock.NoClock as error:
            self.counts.leave_out(fault, str(error))
            return None
        if not in_run:
            self.counts.fault(fault, f"by {jump} s")
            return fault, process, None

        def disturb():
            time.sleep(moment)
            try:
                process.jump_to(jump)
            except (OSError, ValueError):
                return
            self.counts.fault(fault, f"by {jump} s after {moment:.2f} s")
        return fault, process, disturb

    def start_with_strace(self, fault, dice, arguments):
        strace = shutil.which("strace")
        if not strace:
            self.counts.leave_out(fault, "strace is not installed")
            return None
        calls, error = dice.choice(plan.SYSTEM_CALLS)
        when = f"{dice.randint(1, 6)}{dice.choice(['', '+'])}"
        process = self.disaster.lifeboat.start(
            arguments, before=[strace, "-D", "-f", "-qq", "-o", "/dev/null", "-e",
                               f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"])
        self.counts.fault(fault, f"{calls} with {error}, call {when} of a thread")
        return fault, process, None

    def prune(self, planned):
        begin = time.monotonic()
        url = self.disaster.url(planned.places[0])
        status, _, errors = self.disaster.lifeboat.run(
            "prune", "--vault", url, "--cluster", planned.cluster, "--keep-last",
            plan.PRUNE_KEEPS, "-o", "json")
        felt = weather.felt_in(planned.places[:1], self.disaster.weather.felt_since(begin))
        # Where no backup has come about yet there is nothing to prune.
        allowed = weather.excuses(felt) | {3}
        self.counts.check("a prune ends as it may", status in allowed,
                          f"{status} with {sorted(felt)}: {errors}")

    # ---- What it said ----

    def judge(self, planned, status, answer, errors, felt):
        self.counts.run(status)
        self.counts.say(f"backup of {planned.cluster} into {' and '.join(planned.places)}: "
                        f"{status}{' in ' if felt else ''}{', '.join(sorted(felt))}")
        broken = [text for text in BROKEN if text in errors]
        self.counts.check("a run does not break", not broken, errors)
        allowed = weather.excuses(felt)
        if felt:
            self.counts.check("a run ends as it may", status in allowed,
                              f"{status} with {sorted(felt)}: {errors}")
        else:
            self.counts.check("a run without a fault does well", status == 0, f"{status}: {errors}")
        if status == weather.ATTENTION:
            self.counts.check("a run that needs attention says why", "warning" in errors, errors)
        if status in (weather.DONE, weather.ATTENTION):
            self.claim(planned, status, answer)

    def claim(self, planned, status, answer):
        """What it says is there must be there from now on."""
        if not self.counts.check("a run says what it did", bool(answer), "no JSON"):
            return
        done = [True] * len(planned.places)
        if "vaults" in answer:
            done = [vault["ok"] for vault in answer["vaults"]]
        self.counts.check("a run that ends well served every vault",
                          status == weather.ATTENTION or all(done), str(done))
        for place, is_there in zip(planned.places, done):
            if is_there:
                self.disaster.ledger.claim(place, planned.cluster, answer["backup"]["id"])
