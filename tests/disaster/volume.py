"""The volume of the vault that is a folder: an ext4 of its own, which fills up and returns errors.

It lies in a file, behind a loop device. The device can be told to end earlier than the file does:
whatever lies behind that end can then be neither read nor written, as on a disk that is broken.
Nothing of the file is lost by it. Mounting takes root; without it the vault is a plain folder.
"""
import errno
import fcntl
import os
import shutil
import struct
import subprocess

import places

SIZE_BYTES = 6 * 1024 ** 3
LOOP_SET_STATUS64, LOOP_GET_STATUS64 = 0x4C04, 0x4C05
SIZE_LIMIT_OFFSET, STATUS_BYTES = 32, 232


def run(*command, allowed=(0,)):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in allowed:
        raise OSError(f"{' '.join(command)}: {done.stdout} {done.stderr}".strip())
    return done.stdout.strip()


class Volume:
    def __init__(self, folder):
        self.vault = folder / "vault"
        self.vault.mkdir()
        self.image = folder / "volume.img"
        self.device = None
        self.is_broken = False
        # Why it is a plain folder, if it is.
        self.why_not = self.try_to_mount()

    def try_to_mount(self):
        if os.geteuid() != 0:
            return "it mounts a file system, which takes root"
        try:
            with open(self.image, "wb") as file:
                file.truncate(SIZE_BYTES)
            run("mkfs.ext4", "-q", "-F", "-m", "0", "-N", "20000", "-J", "size=16", "-E",
                "lazy_itable_init=0,lazy_journal_init=0,nodiscard", str(self.image))
            self.device = run("losetup", "--find", "--show", str(self.image))
            self.mount()
        except OSError as error:
            self.remove()
            return f"no file system can be mounted here ({str(error)[:100]})"
        return None

    def mount(self):
        run("mount", self.device, str(self.vault))

    def remove(self):
        subprocess.run(["umount", "--lazy", str(self.vault)], capture_output=True)
        if self.device:
            subprocess.run(["losetup", "--detach", self.device], capture_output=True)
        self.device = None

    # ---- Faults ----

    def fill(self, left_bytes):
        """All but so much."""
        room = shutil.disk_usage(self.vault).free
        with open(self.vault / "of-somebody-else", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, room - left_bytes))

    def free(self):
        (self.vault / "of-somebody-else").unlink(missing_ok=True)
        # Or an I/O error brings it back.
        folder = os.open(self.vault, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def break_from(self, share):
        """Everything behind this share of it returns I/O errors."""
        self.is_broken = True
        self.limit(max(65536, int(SIZE_BYTES * share) // 4096 * 4096))

    def limit(self, size):
        device = os.open(self.device, os.O_RDWR)
        try:
            status = bytearray(fcntl.ioctl(device, LOOP_GET_STATUS64, bytes(STATUS_BYTES)))
            struct.pack_into("=Q", status, SIZE_LIMIT_OFFSET, size)
            fcntl.ioctl(device, LOOP_SET_STATUS64, bytes(status))
        finally:
            os.close(device)

    def mend(self):
        """As an operator would. Nobody may have a file open there. What e2fsck had to do."""
        self.is_broken = False
        self.limit(0)
        if not places.wait_until(self.try_to_unmount, 10):
            raise SystemExit("disaster: the volume can't be unmounted")
        said = run("e2fsck", "-p", self.device, allowed=(0, 1))
        self.mount()
        return said

    def try_to_unmount(self):
        return subprocess.run(["umount", str(self.vault)], capture_output=True).returncode == 0

    # ---- As a place where files lie ----

    def ids(self, cluster):
        return {path.parent.name for path in self.vault.glob(f"{cluster}/backups/*/backup.json")}

    def path(self, cluster, backup, name=""):
        return self.vault / cluster / "backups" / backup / name

    def files(self, cluster, backup):
        try:
            return sorted(os.listdir(self.path(cluster, backup)))
        except OSError:
            return []

    def flip(self, cluster, backup, name, share, bit):
        with open(self.path(cluster, backup, name), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if not size:
                raise OSError(errno.ENODATA, "there is nothing in it")
            place = min(int(size * share), size - 1)
            file.seek(place)
            byte = file.read(1)[0] ^ 1 << bit
            file.seek(place)
            file.write(bytes([byte]))
            file.flush()
            os.fsync(file.fileno())

    def delete(self, cluster, backup, name):
        self.path(cluster, backup, name).unlink()

    def leftovers(self, cluster):
        """Of runs that died."""
        folder = self.vault / cluster / "backups"
        partial = [str(path) for path in folder.rglob("*.partial")]
        return partial + [str(path) for path in folder.glob("*/")
                          if not (path / "backup.json").exists()]
