// NFS, SMB, CIFS, SMB2, AFS, Ceph, 9P, Coda, Lustre (linux/magic.h and the drivers' own headers).
const MAGIC = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400, 0x01021997, 0x73757245, 0x0bd00bd0,
]);

/** @param type f_type of statfs(2) */
export function isNetwork(type: number): boolean {
  return MAGIC.has(type >>> 0);
}

const MSDOS_SUPER_MAGIC = 0x4d44;

/** FAT. @param type f_type of statfs(2) */
export function holdsEvenSeconds(type: number): boolean {
  return type === MSDOS_SUPER_MAGIC;
}
