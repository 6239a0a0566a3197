import { RefusedError } from '../api/errors.ts';
import { Redis } from './bullmq.ts';
import { lockMs } from './shared-run.ts';

/** Milliseconds that a broker may take to answer the first time. */
const CONNECT_MS = 4000;
/** Milliseconds between two attempts to connect again. */
const RECONNECT_MS = 500;
/** The longest that a read waits at the broker for something to come, in milliseconds. */
export const LONGEST_READ_MS = 5000;

/** The address of a broker without user name and password. */
export function shownBroker(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/**
 * Connects to the broker. Later commands wait while a lost connection is restored.
 * @param url `redis://`, `rediss://` or `unix://`; PCOPY_BROKER_PASSWORD is used for an address without a password
 * @throws RefusedError that names the broker without its password
 */
export async function connect(url: string): Promise<Redis> {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  const secret = decodeURIComponent(password) || process.env.PCOPY_BROKER_PASSWORD;
  const database = protocol === 'unix:' ? searchParams.get('db') : pathname.slice(1);
  const where =
    protocol === 'unix:'
      ? { path: decodeURIComponent(pathname) }
      : { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
  let isUp = false;
  const client = new Redis({
    ...where,
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(secret ? { password: secret } : {}),
    db: Number(database ?? 0) || 0,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    // A line may be dead without being closed, or lead to something that accepts connections and says nothing.
    socketTimeout: LONGEST_READ_MS + lockMs(),
    retryStrategy: () => (isUp ? RECONNECT_MS : null),
  });
  let last: Error | undefined;
  client.on('error', (error: Error) => {
    last = error;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), CONNECT_MS);
    });
    await Promise.race([client.connect().then(() => client.ping()), late]);
    isUp = true;
    // Its copies connect at once: of a lazy one, the queue takes a first attempt that fails for the last. All are tried again quietly.
    client.options.lazyConnect = false;
    const copy = client.duplicate.bind(client);
    client.duplicate = (options) => copy(options).on('error', () => {});
    return client;
  } catch (error) {
    client.disconnect();
    const why = (last ?? (error as Error)).message || 'no connection';
    const message = `cannot reach the broker ${shownBroker(url)}: ${why}`;
    throw new RefusedError('', secret ? message.replaceAll(secret, '***') : message, 'EPCOPY_BROKER', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
