"""A clock of its own for one process, static or not; the machine's clock stays as it is.

A program asks for the time in the vDSO, code of the kernel's in its own memory. There, before its
first instruction, three functions are replaced by ones that ask the kernel and add an offset. The
offset can be changed while the program runs. Only CLOCK_REALTIME jumps, as it does on a machine
whose clock is set. Works on x86-64 alone.
"""
import ctypes
import os
import platform
import signal
import struct
import subprocess

PTRACE_TRACEME, PTRACE_DETACH = 0, 17
AT_SYSINFO_EHDR = 33
DT_SYMTAB, DT_STRTAB, DT_HASH = 6, 5, 4
VDSO_SIZE = 8192

# Each asks the kernel and adds the 8 bytes behind it to the seconds that it tells.
FUNCTIONS = {
    # mov eax,228; syscall; test eax,eax; jnz 1f; test edi,edi; jz 0f; cmp edi,5; jne 1f
    # 0: mov rdx,[rip+4]; add [rsi],rdx; 1: ret
    "__vdso_clock_gettime": "b8e4000000 0f05 85c0 7513 85ff 7405 83ff05 750a"
                            "488b1504000000 480116 c3",
    # mov eax,96; syscall; test rdi,rdi; jz 0f; mov rdx,[rip+4]; add [rdi],rdx; 0: ret
    "__vdso_gettimeofday": "b860000000 0f05 4885ff 740a 488b1504000000 480117 c3",
    # mov eax,201; syscall; add rax,[rip+9]; test rdi,rdi; jz 0f; mov [rdi],rax; 0: ret
    "__vdso_time": "b8c9000000 0f05 48030509000000 4885ff 7403 488907 c3",
}


class NoClock(Exception):
    """Why no clock can be jumped here."""


class JumpingProcess(subprocess.Popen):
    """As Popen; begins with its clock that many seconds off."""

    def __init__(self, arguments, seconds, **options):
        if platform.machine() != "x86_64":
            raise NoClock("clocks jump on x86-64 only")
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        self.offset_places = []
        super().__init__(arguments, preexec_fn=lambda: libc.ptrace(PTRACE_TRACEME, 0, 0, 0),
                         **options)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise NoClock("a process can't be held at its start")
        try:
            self.replace_functions()
            self.jump_to(seconds)
        except (OSError, NoClock) as error:
            os.kill(self.pid, signal.SIGKILL)
            raise NoClock("the vDSO can't be changed: %s" % error) from error
        finally:
            libc.ptrace(PTRACE_DETACH, self.pid, 0, 0)

    def jump_to(self, seconds):
        with open("/proc/%d/mem" % self.pid, "r+b", buffering=0) as memory:
            for place in self.offset_places:
                memory.seek(place)
                memory.write(struct.pack("=q", seconds))

    def replace_functions(self):
        base = self.vdso_address()
        with open("/proc/%d/mem" % self.pid, "r+b", buffering=0) as memory:
            memory.seek(base)
            found = functions_of(memory.read(VDSO_SIZE))
            for name, code in FUNCTIONS.items():
                code = bytes.fromhex(code)
                place, size = found[name]
                if size < len(code) + 8:
                    raise NoClock("%s is too short" % name)
                memory.seek(base + place)
                memory.write(code + bytes(8))
                self.offset_places.append(base + place + len(code))

    def vdso_address(self):
        with open("/proc/%d/auxv" % self.pid, "rb") as file:
            for kind, value in struct.iter_unpack("=QQ", file.read()):
                if kind == AT_SYSINFO_EHDR:
                    return value
        raise NoClock("there is no vDSO")


def functions_of(image):
    """Offset and size of each function of an ELF image in memory."""
    program_headers, = struct.unpack_from("<Q", image, 32)
    count, = struct.unpack_from("<H", image, 56)
    dynamic = {}
    for number in range(count):
        kind, _, _, address, _, _, size = struct.unpack_from(
            "<IIQQQQQ", image, program_headers + 56 * number)
        if kind == 2:
            dynamic = dict(struct.iter_unpack("<qQ", image[address: address + size]))
    names = dynamic[DT_STRTAB]
    found = {}
    # The names lie behind the symbols.
    for place in range(dynamic[DT_SYMTAB], names, 24):
        name, _, _, _, value, size = struct.unpack_from("<IBBHQQ", image, place)
        text = image[names + name: image.index(b"\0", names + name)].decode()
        found[text] = (value, size)
    return found
