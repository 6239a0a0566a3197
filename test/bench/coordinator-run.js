// pcopy's parent with an executor that says at once that all is done: node coordinator-run.js <source> <destination>
import { copyTree } from '../../dist/index.js';

const NOTHING = {
  ...{ files: 0, directories: 0, symlinks: 0, hardlinks: 0, special: 0, bytes: 0, unchanged: 0, skipped: 0, failed: 0 },
  ...{ deleted: 0, settledBytes: 0, next: 0, worker: 0, busyMs: 0, split: null, failure: null, full: false },
};
const lists = ['made', 'kept', 'hardLinked', 'big', 'primaries', 'unlinkable', 'locking', 'failures', 'entries'];

function report(job) {
  const done = { ...NOTHING, linked: {}, lost: {}, ...Object.fromEntries(lists.map((name) => [name, []])) };
  if (job.kind !== 'entries') return done;
  for (const { dir, names, types } of job.groups) {
    const directories = names.split('/').filter((_, i) => types[i] === 'd');
    done.next += types.length;
    done.directories += directories.length;
    done.files += types.length - directories.length;
    // As workers tell of each directory that they make or enter.
    done.made.push(dir, ...directories.map((name) => (dir === '' ? name : `${dir}/${name}`)));
  }
  return done;
}

const [source, destination] = process.argv.slice(2);
const executor = () => ({ workers: 2, capacity: 4, run: async (job) => report(job), terminate: async () => {} });
const { outcome } = await copyTree(source, destination, { jobs: 2 }, { executor });
if (outcome !== 'complete') throw new Error(outcome);
