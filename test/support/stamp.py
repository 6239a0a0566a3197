"""Sets what node:fs cannot: reads a JSON list of entries (paths as latin1 text) on stdin, works in its order."""

import json
import os
import stat
import sys

SPECIAL = {
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
    "character-device": stat.S_IFCHR,
    "block-device": stat.S_IFBLK,
}

entries = json.load(sys.stdin)
for entry in entries:
    entry["path"] = entry["path"].encode("latin1")
    if entry["type"] in SPECIAL:
        device = os.makedev(*entry["device"]) if "device" in entry else 0
        os.mknod(entry["path"], SPECIAL[entry["type"]] | 0o600, device)

for entry in entries:
    path = entry["path"]
    for name, value in entry["xattrs"].items():
        if not name.startswith("system."):
            os.setxattr(path, name, bytes.fromhex(value), follow_symlinks=False)
    # The order matters: a change of owner clears setuid, an ACL sets the group bits of the mode.
    if "uid" in entry or "gid" in entry:
        os.chown(path, entry.get("uid", -1), entry.get("gid", -1), follow_symlinks=False)
    if "mode" in entry and entry["type"] != "symlink":
        os.chmod(path, entry["mode"])
    for name, value in entry["xattrs"].items():
        if name.startswith("system."):
            os.setxattr(path, name, bytes.fromhex(value), follow_symlinks=False)
    if "mtime" in entry:
        os.utime(path, ns=(int(entry["atime"]), int(entry["mtime"])), follow_symlinks=False)
