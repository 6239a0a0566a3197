// The licences of what is bundled ask for their notices to travel with it (MIT: "in all copies or substantial portions").
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const RULE = `\n${'-'.repeat(80)}\n\n`;

/**
 * Writes THIRD-PARTY-LICENSES beside the bundles: name, version and licence text of each package that has code in them. One
 * plugin for all of them, since each writes the file anew.
 */
export function thirdPartyLicenses() {
  const roots = new Set();
  return {
    name: 'third-party-licenses',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.type === 'chunk' ? chunk.moduleIds : []) {
          if (id.includes('/node_modules/')) roots.add(packageRoot(id));
        }
      }
      const notices = [...roots].map(notice).sort();
      const source = `pcopy contains code of these packages.\n${RULE}${notices.join(RULE)}`;
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENSES', source });
    },
  };
}

function packageRoot(id) {
  const file = id.replace(/^\0+/, '').replace(/\?.*$/, '');
  for (let dir = dirname(file); dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json')) && 'version' in manifestOf(dir)) return dir;
  }
  throw new Error(`${file} belongs to no package`);
}

function notice(root) {
  const { name, version, license } = manifestOf(root);
  const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} has no licence file: add its notice by hand`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(root, file), 'utf8').trim()}\n`;
}

function manifestOf(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}
