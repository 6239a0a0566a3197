// What the parent asks of its workers, as plain data that is safe to run twice.
import type { RawPath } from '../api/names.ts';
import type { Stat } from '../fs/file-system.ts';

/** Some entries of one directory. */
export interface EntriesOfDirectory {
  dir: RawPath;
  /** Joined with `/`, which no name holds. */
  names: string;
  /** One letter per name. */
  types: string;
  /** The first of the directory's entries are among them: what killed runs left at the destination is to be removed. */
  sweeps?: boolean;
}

/** Some entries, of one directory or of several small ones. */
export interface EntriesJob {
  kind: 'entries';
  groups: EntriesOfDirectory[];
  /**
   * Set when the entries are first names of files with several, which are copied now: which file each was at the source
   * when it was deferred.
   */
  deferredAs?: string[];
}

/** More names for files that are already at the destination. */
export interface LinksJob {
  kind: 'links';
  groups: LinkGroup[];
}

export interface LinkGroup {
  /** Where the first name is, relative to the destination, and what it must still be. */
  target: RawPath;
  targetIdentity: string;
  /** sha256 of the content in hex, when it was asked for. */
  sha256?: string;
  /** Which file all its names were at the source when they were seen. */
  deferredAs: string;
  /** Relative paths. */
  paths: RawPath[];
}

/** A file too big for one worker: made empty at its size under a temporary name. */
export interface SplitJob {
  kind: 'split';
  path: RawPath;
  /** Which file it was at the source when its size was seen. */
  deferredAs: string;
}

/** A piece of a split file. */
export interface RangeJob {
  kind: 'range';
  path: RawPath;
  split: Split;
  /** Bytes, `end` not included. */
  start: number;
  end: number;
  /** Which range it is, from 1 on, and of how many: for people. */
  part: { number: number; of: number };
}

/** The last step of a split file. */
export interface PublishJob {
  kind: 'publish';
  path: RawPath;
  split: Split;
}

/** The split is given up: its temporary file goes. */
export interface DiscardJob {
  kind: 'discard';
  path: RawPath;
  split: Split;
}

/** What a source file was when its copy began. */
export type SourceState = Pick<Stat, 'size' | 'mtime' | 'mtimeNs' | 'changedMs' | 'mode' | 'uid' | 'gid' | 'nlink'>;

/** A split file as its workers know it. */
export interface Split {
  temporary: RawPath;
  /** The temporary file as it was made: whoever opens it by its name makes sure that it is this one. */
  made: { identity: string; uid: number; mode: number };
  /** What the source was when the split began; it must not have changed at the end. */
  sourceIdentity: string;
  source: SourceState;
  size: number;
}

/** Directories get what can only be set when nothing more is put into them. */
export interface FinishJob {
  kind: 'finish';
  /** This run's own: they get their source's mode, times and other metadata. */
  made: RawPath[];
  /** Everything below is finished: modes that lock us out may be set. */
  last: boolean;
  /** Those that were there before: they get the times, with `archive` the rest too. */
  kept: RawPath[];
}

/** Entries of destination directories that the source does not have are removed. */
export interface DeleteJob {
  kind: 'delete';
  dir: RawPath;
  names: string;
}

export type Job = EntriesJob | LinksJob | SplitJob | RangeJob | PublishJob | DiscardJob | FinishJob | DeleteJob;
