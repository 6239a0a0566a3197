// Records the bar in a real terminal and draws it as .github/bar.svg: `node test/picture/bar.js`. Needs tmux and a build.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { svgOf } from './svg.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COLUMNS = 80;
const ROWS = 8;
const MIB = 1 << 20;
/** The rate makes the run last long enough to be looked at, and stands in the picture. */
const COMMAND = 'pcopy photos backup -j 3 --bwlimit 48M';
/** Into the run: everything is listed, and every worker has a file in hand. */
const LOOK_AFTER_MS = 4_000;

const top = mkdtempSync('/tmp/pcopy-picture-');
const tmux = (...args) => execFileSync('tmux', ['-L', 'pcopy-picture', ...args], { encoding: 'utf8' });
try {
  plant(`${top}/photos`);
  mkdirSync(`${top}/bin`);
  symlinkSync(`${ROOT}bin/pcopy.js`, `${top}/bin/pcopy`);
  tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), '-c', top, 'sh');
  tmux('send-keys', `PS1='$ ' PATH=${top}/bin:$PATH; clear`, 'Enter');
  await sleep(1_000);
  tmux('send-keys', COMMAND, 'Enter');
  await sleep(LOOK_AFTER_MS);
  const screen = tmux('capture-pane', '-e', '-p').trimEnd();
  writeFileSync(`${ROOT}.github/bar.svg`, svgOf(screen, COLUMNS, `A terminal: ${COMMAND}, half done`));
  process.stdout.write(`${screen}\n`);
} finally {
  tmux('kill-server');
  rmSync(top, { recursive: true, force: true });
}

function plant(photos) {
  for (const [year, months] of Object.entries({ 2023: ['05', '08'], 2024: ['01', '07', '12'] })) {
    for (const month of months) {
      const dir = `${photos}/${year}/${month}`;
      mkdirSync(dir, { recursive: true });
      for (let n = 0; n < 60; n++) writeFileSync(`${dir}/IMG_${1000 + n}.jpg`, Buffer.alloc(200_000 + n * 3_000, n));
      writeFileSync(`${dir}/garden.mp4`, Buffer.alloc(45 * MIB, 1));
    }
  }
}
