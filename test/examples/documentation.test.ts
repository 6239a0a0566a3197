import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../src/process/README.md', import.meta.url), 'utf8');
const examples = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.js'));

test.each(examples)('the documentation shows %s as it is', (name) => {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8').trimEnd();
  expect(page).toContain(`[test/examples/${name}](../../test/examples/${name})\n\n\`\`\`js\n${text}\n\`\`\`\n`);
});
