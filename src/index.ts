export { CopyError, type Failure, RefusedError, UsageError } from './api/errors.ts';
export type {
  CopyEvent,
  Found,
  Kind,
  Load,
  MachineReading,
  MachineView,
  Outcome,
  Snapshot,
  Summary,
  Totals,
  WorkerView,
} from './api/events.ts';
export { fromText, printable, type RawPath, toText } from './api/names.ts';
export type { CopyOptions, SourceEntry } from './api/options.ts';
export { type CopyHooks, copyTree } from './run/copy-tree.ts';
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
} from './ui/json-events.ts';
