// Device numbers differ between machines. An identity that is sent to others has the side instead: `S` for the file system of the
// source, `D` for that of the destination.
import { deviceOf } from '../fs/file-system.ts';
import type { Job, Split } from '../protocol/jobs.ts';
import type { Report } from '../protocol/report.ts';

type Side = 'S' | 'D';
type Translate = (identity: string, side: Side) => string;

export class Identities {
  private readonly devices: Record<Side, string>;

  /** @param source identities of the two top directories on this machine */
  constructor(source: string, destination: string) {
    this.devices = { S: deviceOf({ identity: source }), D: deviceOf({ identity: destination }) };
  }

  /** The identity on this machine. */
  readonly local: Translate = (identity) => {
    const side = identity[0];
    return side === 'S' || side === 'D' ? `${this.devices[side]}${identity.slice(1)}` : identity;
  };

  /** The identity for all machines. One of another file system is valid on this machine only. */
  readonly common: Translate = (identity, side) => {
    const device = this.devices[side];
    return identity.startsWith(`${device}:`) ? `${side}:${identity.slice(device.length + 1)}` : identity;
  };

  jobHere(job: Job): Job {
    return translateJob(job, this.local);
  }

  reportForAll(report: Report): Report {
    const translate = this.common;
    return {
      ...report,
      hardLinked: report.hardLinked.map((entry) => ({ ...entry, identity: translate(entry.identity, 'S') })),
      linked: Object.fromEntries(
        Object.entries(report.linked).map(([identity, names]) => [translate(identity, 'S'), names]),
      ),
      big: report.big.map((entry) => ({ ...entry, identity: translate(entry.identity, 'S') })),
      primaries: report.primaries.map((entry) => ({ ...entry, identity: translate(entry.identity, 'D') })),
      split: report.split === null ? null : translateSplit(report.split, translate),
    };
  }
}

function translateJob(job: Job, translate: Translate): Job {
  switch (job.kind) {
    case 'entries':
      return job.deferredAs === undefined
        ? job
        : { ...job, deferredAs: job.deferredAs.map((identity) => translate(identity, 'S')) };
    case 'links':
      return {
        ...job,
        groups: job.groups.map((group) => ({
          ...group,
          targetIdentity: translate(group.targetIdentity, 'D'),
          deferredAs: translate(group.deferredAs, 'S'),
        })),
      };
    case 'split':
      return { ...job, deferredAs: translate(job.deferredAs, 'S') };
    case 'range':
    case 'publish':
    case 'discard':
      return { ...job, split: translateSplit(job.split, translate) };
    case 'finish':
      return {
        ...job,
        listedAs: job.listedAs.map((as) => as && { ...as, identity: translate(as.identity, 'S') }),
      };
    case 'delete':
      return job;
    default:
      return job satisfies never;
  }
}

function translateSplit(split: Split, translate: Translate): Split {
  const { made, sourceIdentity } = split;
  return {
    ...split,
    made: { ...made, identity: translate(made.identity, 'D') },
    sourceIdentity: translate(sourceIdentity, 'S'),
  };
}
