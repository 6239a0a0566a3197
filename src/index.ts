export { type CopyHooks, copyTree } from './copy-tree.ts';
export { CopyError, type Failure, RefusedError, UsageError } from './errors.ts';
export type { CopyEvent, Found, Kind, Load, Outcome, Sample, Snapshot, Summary, Totals, WorkerView } from './events.ts';
export { fromText, printable, type RawPath, toText } from './names.ts';
export type { CopyOptions } from './options.ts';
export type {
  JsonEnd,
  JsonError,
  JsonEvent,
  JsonFile,
  JsonProgress,
  JsonScan,
  JsonSkip,
  JsonStart,
  JsonWarn,
} from './progress/json-events.ts';
