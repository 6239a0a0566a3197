// Jobs for workers: plain data, safe to run twice.
import type { RawPath } from '../api/names.ts';
import type { Stat } from '../fs/file-system.ts';

/** Some entries of one directory. */
export interface EntriesOfDirectory {
  dir: RawPath;
  /** Joined with `/`. */
  names: string;
  /** One letter per name. */
  types: string;
  /** These include the directory's first entries: the worker removes what killed runs left at the destination. */
  sweeps?: boolean;
  /** With the first of its entries, until the scheduler has the job. */
  listedAs?: ListedAs;
}

/** A directory of the source as it was listed; identity and ctime, since some file systems number a directory anew. */
export type ListedAs = Pick<Stat, 'identity' | 'changedMs'>;

/** Some entries, of one directory or of several small ones. */
export interface EntriesJob {
  kind: 'entries';
  groups: EntriesOfDirectory[];
  /**
   * For first names of hard-linked files: the identity of each at the source when it was deferred.
   */
  deferredAs?: string[];
}

/** Further names for files that are already at the destination. */
export interface LinksJob {
  kind: 'links';
  groups: LinkGroup[];
}

export interface LinkGroup {
  /** The first name, relative to the destination, and the identity that it must still have. */
  target: RawPath;
  targetIdentity: string;
  /** sha256 of the content in hex, when requested. */
  sha256?: string;
  /** The identity of its names at the source when they were listed. */
  deferredAs: string;
  /** Relative paths. */
  paths: RawPath[];
}

/** Begins a split file: created at its full size under a temporary name. */
export interface SplitJob {
  kind: 'split';
  path: RawPath;
  /** Its identity at the source when it was deferred. */
  deferredAs: string;
}

/** Copies a range of a split file. */
export interface RangeJob {
  kind: 'range';
  path: RawPath;
  split: Split;
  /** Bytes, `end` not included. */
  start: number;
  end: number;
  /** The number of the range, from 1, and how many there are, for display. */
  part: { number: number; of: number };
}

/** Completes a split file. */
export interface PublishJob {
  kind: 'publish';
  path: RawPath;
  split: Split;
}

/** Aborts a split file: its temporary file is removed. */
export interface DiscardJob {
  kind: 'discard';
  path: RawPath;
  split: Split;
}

/** The state of a source file when its copy began. */
export type SourceState = Pick<Stat, 'size' | 'mtime' | 'mtimeNs' | 'changedMs' | 'mode' | 'uid' | 'gid' | 'nlink'>;

/** A split file, as described to its workers. */
export interface Split {
  temporary: RawPath;
  /** The temporary file as created, to verify that it is the same when it is opened by name. */
  made: { identity: string; uid: number; mode: number };
  /** The source when the split began; it must be unchanged at the end. */
  sourceIdentity: string;
  source: SourceState;
  size: number;
}

/** Sets the metadata of directories that are complete. */
export interface FinishJob {
  kind: 'finish';
  /** Made by this run: they get their source's mode, times and other metadata. */
  made: RawPath[];
  /** Everything below is finished: modes that deny us access may be set. */
  last: boolean;
  /** Existed before: they get the times, with `archive` the other metadata too. */
  kept: RawPath[];
  /** Of `made`, then of `kept`; null where none of its entries were copied. */
  listedAs: (ListedAs | null)[];
}

/** Removes entries of destination directories that the source does not have. */
export interface DeleteJob {
  kind: 'delete';
  dir: RawPath;
  /**
   * A directory below `dir` that has the names, and is removed with all its contents by a later job: that one reports what cannot be
   * removed.
   */
  inside?: RawPath;
  names: string;
  /** One letter per name: `d` for a directory, `f` for anything else. What is not that any more stays. */
  types: string;
}

export type Job = EntriesJob | LinksJob | SplitJob | RangeJob | PublishJob | DiscardJob | FinishJob | DeleteJob;
