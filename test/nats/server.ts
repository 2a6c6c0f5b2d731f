import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client } from '../../src/network/nats/jet-stream.ts';
import type { Connection, NatsServer } from '../network/nats-engines.ts';
import { installLocked } from '../runtime/install.ts';

const VERSION = 'v2.15.3';
const LONGEST_START_MS = 20_000;

/** The path of nats-server: that of NATS_SERVER, one in PATH, or the pinned version, which Go builds once in some minutes. */
export function findServer(): string | undefined {
  const given = process.env.NATS_SERVER;
  if (given) return given;
  const inPath = (name: string) =>
    (process.env.PATH ?? '').split(delimiter).find(folder => existsSync(join(folder, name)));
  const folder = inPath('nats-server');
  if (folder) return join(folder, 'nats-server');
  const cache = join(homedir(), '.cache', 'plugboard', `nats-server-${VERSION}`);
  const built = join(cache, 'nats-server');
  if (existsSync(built) || !inPath('go')) return existsSync(built) ? built : undefined;
  mkdirSync(cache, { recursive: true });
  console.log(`go install nats-server@${VERSION} …`);
  const { status } = spawnSync('go', ['install', `github.com/nats-io/nats-server/v2@${VERSION}`], {
    env: { ...process.env, GOBIN: cache },
    stdio: 'inherit',
  });
  return status === 0 ? built : undefined;
}

interface Transport extends Client {
  connect(options: object): Promise<Connection>;
}

/** The client of test/nats. */
export async function loadClient(): Promise<Transport> {
  const modules = installLocked('test/nats');
  const file = join(modules, '@nats-io/transport-node/lib/mod.js');
  const loaded = (await import(pathToFileURL(file).href)) as Transport & { default?: Transport };
  return loaded.default ?? loaded;
}

/** A server with a folder of its own, that can be killed and started again. */
export class TestServer implements NatsServer {
  readonly port: number;
  readonly client: Transport;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'plugboard-nats-'));
  readonly #connections: Connection[] = [];
  #process: ChildProcess | undefined;

  constructor(program: string, client: Transport, port = 20_000 + (process.pid % 20_000)) {
    this.#program = program;
    this.client = client;
    this.port = port;
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'server.conf');
    writeFileSync(config, `listen: "127.0.0.1:${this.port}"\njetstream { store_dir: "${this.#folder}" }\n`);
    this.#process = spawn(this.#program, ['-c', config], { stdio: 'ignore' });
    const endMs = Date.now() + LONGEST_START_MS;
    for (;;) {
      try {
        const connection = await this.client.connect({ servers: `127.0.0.1:${this.port}` });
        await connection.request('$JS.API.INFO', '', { timeout: 1000 });
        await connection.close();
        return;
      } catch (error) {
        if (Date.now() > endMs) throw error;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }

  async connect(): Promise<Connection> {
    const options = { servers: `127.0.0.1:${this.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 100 };
    const connection = await this.client.connect(options);
    this.#connections.push(connection);
    return connection;
  }

  /** Kills the server as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async end(): Promise<void> {
    for (const connection of this.#connections) await connection.close().catch(() => {});
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
