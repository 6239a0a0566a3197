import { readFileSync, readlinkSync } from 'node:fs';
import { type RawPath, toBytes } from '../api/names.ts';
import { orNull } from '../fs/system-error.ts';

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `major:minor` of the file system. */
  device: string;
  /** The directory of that file system that is mounted: not `/` for a bind mount or a subvolume. */
  root: RawPath;
  /** Where it is mounted. */
  point: RawPath;
  type: string;
}

/** All mounts of this process's namespace, in the order of mounting; none where they cannot be listed. */
export function listMounts(): Mount[] {
  return (orNull(() => readFileSync('/proc/self/mountinfo', 'latin1')) ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, , device = '', root = '', point = ''] = line.split(' ');
      const type = line.slice(line.indexOf(' - ') + 3).split(' ', 1)[0] ?? '';
      return { device, root: unescapeOctal(root), point: unescapeOctal(point), type };
    });
}

/** A file system and a path in it. Two bind mounts of one directory have the same location. */
export interface Location {
  device: string;
  path: RawPath;
}

/** @param path absolute, without links */
export function locate(mounts: readonly Mount[], path: RawPath): Location | null {
  const mount = mountOf(mounts, path);
  if (mount === null) return null;
  return { device: mount.device, path: trim(mount.root) + trim(path.slice(trim(mount.point).length)) };
}

function mountOf(mounts: readonly Mount[], path: RawPath): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    // Of two mounts on one point the later one hides the earlier.
    if (isWithin(path, mount.point) && (best === null || mount.point.length >= best.point.length)) best = mount;
  }
  return best;
}

/** Types whose answers depend on a server, a process or an automounter. */
const ANSWERED_FOR = /^(fuse\b.*|nfs4?|cifs|smb[23s].*|9p|ceph|afs|coda|lustre|virtiofs|autofs)$/;

/** Whether one of the paths, or something below it, may stop answering. @param paths absolute, without links */
export function mayStopAnswering(mounts: readonly Mount[], paths: readonly RawPath[]): boolean {
  const answeredFor = mounts.filter(({ type }) => ANSWERED_FOR.test(type));
  return (
    answeredFor.length > 0 &&
    paths.some((path) => {
      const own = mountOf(mounts, path);
      return answeredFor.some((mount) => mount === own || isWithin(mount.point, path));
    })
  );
}

/** As many links as the kernel follows in one path. */
const MOST_LINKS = 40;

/**
 * Whether looking at one of the paths, as typed, may have to wait for what stops answering. Their links are followed here, up to
 * the first that leads there.
 * @param paths absolute
 */
export function mayBlockOnTheWay(paths: readonly RawPath[], mounts: readonly Mount[] = listMounts()): boolean {
  // Every system has an automount below /proc, and nothing there is copied over a network.
  const isAny = mounts.some(({ type, point }) => ANSWERED_FOR.test(type) && !isWithin(point, '/proc'));
  return isAny && paths.some((path) => mayBlock(mounts, path));
}

function mayBlock(mounts: readonly Mount[], path: RawPath): boolean {
  let at = '';
  const left = path.split('/').reverse();
  for (let links = 0; links <= MOST_LINKS; ) {
    const name = left.pop();
    if (name === undefined) return false;
    if (name === '' || name === '.') continue;
    at = name === '..' ? at.slice(0, Math.max(at.lastIndexOf('/'), 0)) : `${at}/${name}`;
    if (ANSWERED_FOR.test(mountOf(mounts, at || '/')?.type ?? '')) return true;
    // This cannot wait: a link lies on the file system of its directory.
    const target = orNull(() => readlinkSync(toBytes(at), 'latin1'));
    if (target === null) continue;
    links++;
    at = target.startsWith('/') ? '' : at.slice(0, at.lastIndexOf('/'));
    left.push(...target.split('/').reverse());
  }
  return true;
}

/** Whether `path` is `dir` or lies in it. Both absolute. */
export function isWithin(path: RawPath, dir: RawPath): boolean {
  const base = trim(dir);
  return path === base || path.startsWith(`${base}/`) || (base === '' && path.startsWith('/'));
}

/** Without slashes at its end: the root is ''. */
export function trim(path: RawPath): RawPath {
  return path.replace(/\/+$/, '');
}

function unescapeOctal(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
