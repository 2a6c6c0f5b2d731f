import { attempt } from '../errors.ts';
import { type NatsConnection, NatsEngine } from '../network/nats/index.ts';
import { shownUrl } from '../values/url.ts';
import { CliError } from './errors.ts';
import type { NatsValues } from './graph-files.ts';
import { writeStderr } from './stdio.ts';

export type CliConnection = NatsConnection & { close(): Promise<void> };

const WEB_SOCKET = /^wss?:/;

/** Connects with the client that is installed beside plugboard. @throws {CliError} USAGE, NATS */
export async function connectNats(url: string): Promise<CliConnection> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^(nats|tls|wss?):$/.test(parsed.protocol))
    throw new CliError(
      'USAGE',
      `expected a URL such as nats://localhost:4222, got ${JSON.stringify(shownUrl(url))}`,
    );
  const [user, pass] = [parsed.username, parsed.password].map(part =>
    attempt(() => decodeURIComponent(part), undefined),
  );
  if (user === undefined || pass === undefined)
    throw new CliError('USAGE', `${shownUrl(url)}: expected % in user and password as %25`);
  const login = pass ? { user, pass } : user ? { token: user } : {};
  parsed.username = '';
  parsed.password = '';
  const servers = WEB_SOCKET.test(url) ? parsed.href : parsed.host;
  const options = {
    servers,
    ...login,
    maxReconnectAttempts: -1,
    ...(parsed.protocol === 'tls:' && { tls: {} }),
  };
  const connect = await loadConnect(url);
  try {
    return (await connect(options)) as CliConnection;
  } catch (cause) {
    throw new CliError('FILE', `${shownUrl(url)} cannot be reached: ${(cause as Error).message}`, { cause });
  }
}

async function loadConnect(url: string): Promise<(options: object) => Promise<unknown>> {
  if (!WEB_SOCKET.test(url)) return (await load('@nats-io/transport-node', importTransport)).connect;
  if (!('WebSocket' in globalThis))
    throw new CliError(
      'USAGE',
      `${shownUrl(url)}: this runtime has no WebSocket; give a URL that begins with nats://`,
    );
  return (await load('@nats-io/nats-core', importCore)).wsconnect;
}

const importTransport = () => import('@nats-io/transport-node');
const importCore = () => import('@nats-io/nats-core');

async function load<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new CliError('USAGE', `NATS needs the package ${name}; run \`npm install ${name}\``, { cause });
  }
}

/** Connects, and makes the engine of a graph. @throws {CliError} USAGE */
export async function openNats(url: string, { spread, nodes }: NatsValues) {
  const connection = await connectNats(url);
  const isSpread = spread || nodes !== undefined;
  const engine = new NatsEngine(connection, {
    exposed: true,
    spread: isSpread,
    nodes: nodes?.split(',').map(node => node.trim()),
    onWarning: message => writeStderr('plugboard: warning', message),
  });
  return { connection, engine };
}
