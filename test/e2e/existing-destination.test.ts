import { expect } from 'vitest';
import { survey } from '../support/compare.ts';
import { needs } from '../support/needs.ts';
import { expectExit, overBothDrivers, pcopy } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { directory, type Entry, fifo, file, plant, socket, symlink, type Tree } from '../support/tree.ts';

type Ends = 'replaced' | 'merged' | 'error';

/** What stands at the destination, and what becomes of it under a file or link, and under a directory. */
const DESTINATIONS: Record<string, { tree: Tree; underFile: Ends; underDirectory: Ends }> = {
  nothing: { tree: {}, underFile: 'replaced', underDirectory: 'merged' },
  file: { tree: { '': file('old') }, underFile: 'replaced', underDirectory: 'error' },
  'empty directory': { tree: { '': directory() }, underFile: 'error', underDirectory: 'merged' },
  'full directory': { tree: { 'kept/x': file('kept') }, underFile: 'error', underDirectory: 'merged' },
  'link to a file': { tree: { '': symlink('../outside/file') }, underFile: 'replaced', underDirectory: 'error' },
  'link to a directory': { tree: { '': symlink('../outside') }, underFile: 'replaced', underDirectory: 'error' },
  'dangling link': { tree: { '': symlink('../outside/new') }, underFile: 'replaced', underDirectory: 'error' },
  loop: { tree: { '': symlink('link over loop') }, underFile: 'replaced', underDirectory: 'error' },
  fifo: { tree: { '': fifo() }, underFile: 'replaced', underDirectory: 'error' },
  socket: { tree: { '': socket() }, underFile: 'replaced', underDirectory: 'error' },
};

const SOURCES: Record<string, Tree> = {
  file: { '': file('new') },
  link: { '': symlink('new target') },
  directory: { 'inner/file': file('new') },
};

function under(name: string, tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, entry]) => [path === '' ? name : `${name}/${path}`, entry]),
  );
}

function signature(top: string, name: string): string[] {
  const lines: string[] = [];
  for (const [path, { type, content }] of survey(top)) {
    if (path === name || path.startsWith(`${name}/`)) lines.push(`${path.slice(name.length)}: ${type} ${content}`);
  }
  return lines;
}

overBothDrivers((driver) => {
  needs('python3')('every type of source over every type of destination', async () => {
    const top = temp();
    const source: Tree = {};
    const destination: Tree = {};
    for (const [from, tree] of Object.entries(SOURCES)) {
      for (const [over, existing] of Object.entries(DESTINATIONS)) {
        Object.assign(source, under(`${from} over ${over}`, tree));
        Object.assign(destination, under(`${from} over ${over}`, existing.tree as Record<string, Entry>));
      }
    }
    plant(`${top}/outside`, { file: file('canary') });
    plant(`${top}/src`, source);
    plant(`${top}/dst`, destination);
    plant(`${top}/before`, destination);
    const outside = signature(`${top}/outside`, '');

    const { stderr } = expectExit(await pcopy([`${top}/src`, `${top}/dst`, '-j', '2'], { driver }), 1);

    for (const from of Object.keys(SOURCES)) {
      for (const [over, { underFile, underDirectory }] of Object.entries(DESTINATIONS)) {
        const name = `${from} over ${over}`;
        const ends = from === 'directory' ? underDirectory : underFile;
        const now = signature(`${top}/dst`, name);
        const named = stderr.split('\n').some((line) => line.startsWith('pcopy: ') && line.includes(name));
        expect(named, `${name}: an error line\n${stderr}`).toBe(ends === 'error');
        if (ends === 'error') expect(now, name).toEqual(signature(`${top}/before`, name));
        if (ends === 'replaced') expect(now, name).toEqual(signature(`${top}/src`, name));
        if (ends === 'merged') expect(now, name).toEqual(expect.arrayContaining(signature(`${top}/src`, name)));
      }
    }
    expect(signature(`${top}/dst`, 'directory over full directory').join()).toContain('/kept/x: file');
    expect(signature(`${top}/outside`, '')).toEqual(outside);
  });
});
