import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../../src/process/README.md', import.meta.url), 'utf8');
const examples = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.js'));

test.each(examples)('the documentation shows %s as it is', (name) => {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8').trimEnd();
  const python = readFileSync(new URL(name.replace(/js$/, 'py'), import.meta.url), 'utf8').trimEnd();
  const below = `<details><summary>In Python</summary>\n\n\`\`\`python\n${python}\n\`\`\`\n\n</details>`;
  expect(page).toContain(`\`${name}\`\n\n\`\`\`js\n${text}\n\`\`\`\n\n${below}\n`);
});

test('the documentation links nothing that is not in the package', () => {
  expect(page.match(/\]\((?![#]|https:)[^)]*\)/g)).toBeNull();
});
