import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import { needs } from '../support/needs.ts';
import { expectRsyncSame } from '../support/rsync.ts';
import { pcopy, startCommand } from '../support/run.ts';
import { temp } from '../support/temp.ts';
import { helper, plantTree, shared, until } from './machines.ts';

const test = needs('redis-server', 'openssl', 'rsync', 'python3');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('rediss:// is TLS: a certificate that nobody trusts is refused, and so is another password', async ({ skip }) => {
  const top = temp();
  const [key, certificate] = [`${top}/key.pem`, `${top}/certificate.pem`];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const files = ['-keyout', key, '-out', certificate];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject]);
  expect(made.status, String(made.stderr)).toBe(0);
  const port = String(await freePort());
  const tls = ['--tls-port', port, '--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'];
  const options = ['--port', '0', '--bind', '127.0.0.1', '--dir', top, '--save', '', '--requirepass', 'secret'];
  const server = startCommand(['redis-server', ...options, ...tls], { timeoutMs: 120_000 });
  server.done.catch(() => {});
  const said = (): string => server.output().stdout + server.output().stderr;
  await until(() => /Ready to accept connections|Bad directive/.test(said()));
  if (said().includes('Bad directive')) {
    console.warn('skipped: this redis-server has no TLS');
    skip();
  }
  const url = `rediss://127.0.0.1:${port}`;
  mkdirSync(`${top}/src`);
  plantTree(`${top}/src`, 420, 0);
  const env = { PCOPY_BROKER_PASSWORD: 'secret' };
  const trusting = { ...env, NODE_EXTRA_CA_CERTS: certificate };
  const args = [`${top}/src`, `${top}/dest`, '--broker', url];
  const untrusted = await pcopy(args, { env: { ...env, NODE_EXTRA_CA_CERTS: undefined } });
  const self = 'cannot reach the broker rediss://127.0.0.1:';
  expect(untrusted).toMatchObject({ code: 3, stderr: expect.stringMatching(new RegExp(`${self}.*self-signed`)) });
  const wrong = await pcopy(args, { env: { ...trusting, PCOPY_BROKER_PASSWORD: 'another' } });
  expect(wrong).toMatchObject({ code: 3, stderr: expect.stringMatching(new RegExp(`${self}.*WRONGPASS`)) });
  const working = await helper(url, top, { env: trusting });
  const { code, stderr } = await shared(url, [`${top}/src`, `${top}/dest`, '-j', '0'], { env: trusting }).done;
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('entries by machine') });
  expectRsyncSame(`${top}/src`, `${top}/dest`);
  expect(stderr + working.output().stderr).not.toContain('secret');
});
