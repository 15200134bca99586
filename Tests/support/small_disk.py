"""A stack whose database lives on two small disks that a test can fill: one for tables, one for WAL.

The disks are memory file systems in a mount namespace of their own, so that nothing else sees them.
Root may make one; an ordinary user may within a user namespace, where the system allows that.
"""

from __future__ import annotations

import errno
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.stack import Stack, StackError

#: What the disks hold: an empty cluster needs about 30 MB of tables; WAL is cut to segments of 1 MB.
TABLE_BYTES = 96 * 1_048_576
WAL_BYTES = 12 * 1_048_576

#: Puts a memory file system over each folder, with what the folder held, and keeps them until it ends.
MOUNT = """
set -eu
umask 077
while [ $# -gt 0 ]; do
    mv "$1" "$1.kept"
    mkdir "$1"
    mount -t tmpfs -o "size=$2,mode=700" none "$1"
    cp -a "$1.kept/." "$1"
    chown --reference "$1.kept" "$1"
    rm -r "$1.kept"
    shift 2
done
echo mounted
exec sleep 86400
"""


def namespace() -> list[str]:
    """The words by which this user makes a mount namespace."""
    words = ["unshare", "--mount"]
    return words if os.geteuid() == 0 else [*words, "--user", "--map-root-user"]


def refusal() -> str | None:
    """Why no namespace with a disk of its own can be made here; None if it can."""
    try:
        tried = subprocess.run(
            [*namespace(), "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True,
            timeout=30,
        )
    except FileNotFoundError as missing:
        return f"{missing.filename} is not installed"
    return None if tried.returncode == 0 else f"no mount namespace: {tried.stderr.strip()}"


@dataclass
class SmallDiskStack(Stack):
    """Started parts over small disks, which are named as the folders of the data: `base`, `pg_wal`."""

    initdb_options = ("--wal-segsize=1",)

    def prepare_data(self) -> None:
        data = self.directory / "postgres" / "data"
        with open(data / "postgresql.conf", "a") as file:
            # Old segments are removed and not kept for later, so that few fill the disk.
            file.write("min_wal_size = 2MB\nmax_wal_size = 4MB\n")
        folders = [data / "base", TABLE_BYTES, data / "pg_wal", WAL_BYTES]
        self._start("disks", [*namespace(), "sh", "-c", MOUNT, "sh", *folders])
        while "mounted" not in self.log_of("disks"):
            if self.ended_within("disks", 0.02):
                raise StackError(f"no disks: {self.log_of('disks')}")

    def fill(self, disk: str) -> None:
        """Leaves no byte of it."""
        with open(self._filler(disk), "wb", buffering=0) as file:
            size = 1_048_576
            while size:
                try:
                    file.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    size //= 2

    def free(self, disk: str) -> None:
        """Gives all of it back."""
        self._filler(disk).unlink()

    def has_ended(self, name: str) -> bool:
        return self.ended_within(name, 0)

    def _filler(self, disk: str) -> Path:
        folder = self.directory.relative_to("/") / "postgres" / "data" / disk
        return Path(f"/proc/{self.process('disks')}/root") / folder / "filler"

    def _start(self, name: str, command: list, as_postgres: bool = False) -> None:
        if name == "postgres":
            command, as_postgres = [*self._inside(), *command], False
        super()._start(name, command, as_postgres)

    def _inside(self) -> list:
        """The words that run a program as PostgreSQL's user where the disks are seen."""
        enter = ["nsenter", "--target", self.process("disks"), "--mount"]
        if self._user is not None:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}"]
            return [*enter, "--", "setpriv", *ids, "--clear-groups", "--inh-caps=-all"]
        # Root of the namespace in there, and PostgreSQL refuses to run as root.
        back = [f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}"]
        return [*enter, "--user", "--preserve-credentials", "--", "unshare", "--user", *back]
