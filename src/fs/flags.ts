import { constants } from 'node:fs';

// Node exports most of these; the others are the same on all supported 64-bit Linux platforms.
export const O_RDONLY = constants.O_RDONLY;
export const O_WRONLY = constants.O_WRONLY;
export const O_RDWR = constants.O_RDWR;
export const O_CREAT = constants.O_CREAT;
export const O_EXCL = constants.O_EXCL;
export const O_CLOEXEC = 0o2000000;
// Undefined on Windows, where no name is a link by chance of a flag.
export const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
export const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
export const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
export const O_NOCTTY = constants.O_NOCTTY ?? 0;
export const O_NOATIME = constants.O_NOATIME ?? 0;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;
