import { randomBytes } from 'node:crypto';
import type { Root } from '../fs/directories.ts';
import { openRoot } from '../fs/directories.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { temporaryName } from '../fs/temporary-name.ts';
import type { WorkerConfig } from '../protocol/worker-config.ts';
import { type Allowed, inodeOf, mountedBelow, PermanentRefusal } from './allowed.ts';
import type { Proof } from './shared-run.ts';

const LARGEST_NONCE = 64;

/** Writes a nonce to a temporary file at the destination. @returns how to recognize the two directories */
export function leaveProof(fs: FileSystem, { source, destination, runMark }: WorkerConfig): Proof {
  const nonce = randomBytes(LARGEST_NONCE / 2).toString('hex');
  const name = temporaryName(runMark, 0);
  withRoot(fs, destination, 'destination', (root) => {
    const handle = fs.createNew(root, name, 0o600);
    try {
      const bytes = Buffer.from(nonce);
      fs.write(handle, bytes, 0, bytes.length, 0);
    } finally {
      fs.close(handle);
    }
  });
  return withRoot(fs, source, 'source', (root) => {
    const { mtime, mtimeNs } = fs.stat(root);
    return {
      source: { inode: inodeOf(source.identity), mtime, mtimeNs },
      destinationInode: inodeOf(destination.identity),
      name,
      nonce,
    };
  });
}

export function removeProof(fs: FileSystem, { destination }: WorkerConfig, { name }: Proof): void {
  try {
    withRoot(fs, destination, 'destination', (root) => fs.unlink(root, name));
  } catch {
    // The destination is gone; a temporary name is swept by the next run.
  }
}

/**
 * Checks that this machine sees the directories of the run and may write to the destination.
 * @returns both with their identities on this machine
 * @throws Error that describes the difference
 */
export function checkProof(
  fs: FileSystem,
  allowed: Allowed,
  config: WorkerConfig,
  proof: Proof,
): Pick<WorkerConfig, 'source' | 'destination'> {
  const below = mountedBelow(config.source) ?? mountedBelow(config.destination);
  if (below !== undefined) throw new PermanentRefusal(`another file system is mounted at ${below}`);
  const source = allowed.open(config.source, (handle, identity) => {
    const { mtime, mtimeNs } = fs.stat(handle);
    const { inode, mtime: theirs, mtimeNs: theirNs } = proof.source;
    if (inodeOf(identity) !== inode || mtime !== theirs || mtimeNs !== theirNs) {
      throw new Error(`${config.source.path} is another directory here`);
    }
    return identity;
  });
  const destination = allowed.open(config.destination, (handle, identity) => {
    const other = `${config.destination.path} is another directory here`;
    if (inodeOf(identity) !== proof.destinationInode) throw new Error(other);
    let file: number;
    try {
      file = fs.openWrite(handle, proof.name);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const why = `${config.destination.path} cannot be written to here: ${message}`;
      if (code === 'EROFS') throw new PermanentRefusal(why);
      throw new Error(code === 'ENOENT' ? other : why);
    }
    try {
      const bytes = Buffer.alloc(LARGEST_NONCE);
      const length = fs.read(file, bytes, 0, bytes.length, 0);
      if (bytes.toString('latin1', 0, length) !== proof.nonce) throw new Error(other);
    } finally {
      fs.close(file);
    }
    return identity;
  });
  return {
    source: { path: config.source.path, identity: source },
    destination: { path: config.destination.path, identity: destination },
  };
}

function withRoot<T>(fs: FileSystem, root: Root, side: 'source' | 'destination', use: (handle: number) => T): T {
  const handle = openRoot(fs, root, side);
  try {
    return use(handle);
  } finally {
    fs.close(handle);
  }
}
