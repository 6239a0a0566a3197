import { RefusedError } from '../errors.ts';
import { fromText, join, type RawPath } from '../names.ts';
import { isWithin } from './mounts.ts';
import { absolute, look, realAsFarAsItExists, refusedBy } from './paths.ts';

/**
 * Throws RefusedError when the list of checksums cannot have its place: it would be seen only when all is copied, or the
 * list would be among what is copied.
 * @param source real path of the tree, or null when one file is copied
 */
export function checkManifest(manifest: string | null, source: RawPath | null): void {
  if (manifest === null) return;
  const typed = fromText(manifest);
  try {
    const path = absolute(manifest);
    if (look(path)?.kind === 'directory') throw new RefusedError(typed, 'the manifest is a directory', 'EISDIR');
    const { existing, missing } = realAsFarAsItExists(path);
    if (source === null || !isWithin(missing.reduce(join, existing), source)) return;
  } catch (error) {
    throw refusedBy(error, typed, 'cannot make the manifest');
  }
  throw new RefusedError(typed, 'the manifest would be written into the source', 'EPCOPY_OVERLAP');
}
