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

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** The options of a connection that never gives up. */
export const connectOptions = (ports: string) => ({
  servers: ports.split(',').map(port => `127.0.0.1:${port}`),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 100,
  waitOnFirstConnect: true,
});

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

/** The servers of a test. */
export interface Servers extends NatsServer {
  /** The ports of all servers, with commas. */
  readonly ports: string;
  /** Servers that keep each message. */
  readonly replicas: 1 | 3;
  readonly client: Transport;
  /** Kills a server, the leader of a stream if there are several, and starts it again. */
  harm(stream: string, downMs: number): Promise<void>;
}

/** A server with a folder of its own, that can be killed and started again. */
export class TestServer implements Servers {
  readonly port: number;
  readonly replicas = 1;
  readonly client: Transport;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'plugboard-nats-'));
  readonly #connections: Connection[] = [];
  #process: ChildProcess | undefined;

  readonly #more: string;
  readonly #jetStream: string;

  /**
   * @param more lines of its configuration
   * @param jetStream settings of JetStream
   */
  constructor(
    program: string,
    client: Transport,
    port = 20_000 + (process.pid % 20_000),
    more = '',
    jetStream = '',
  ) {
    this.#program = program;
    this.client = client;
    this.port = port;
    this.#more = more;
    this.#jetStream = jetStream;
  }

  get ports(): string {
    return String(this.port);
  }

  async harm(_stream: string, downMs: number): Promise<void> {
    await this.kill();
    await wait(downMs);
    await this.start();
  }

  async start(): Promise<void> {
    const config = join(this.#folder, 'server.conf');
    const lines = [
      `listen: "127.0.0.1:${this.port}"`,
      `jetstream { store_dir: "${this.#folder}"\n${this.#jetStream} }`,
      this.#more,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
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
        await wait(50);
      }
    }
  }

  connect(): Promise<Connection> {
    return this.connectTo(this.ports);
  }

  /** Connects to servers until the end of this one. */
  async connectTo(ports: string): Promise<Connection> {
    const connection = await this.client.connect(connectOptions(ports));
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

/** Three servers that keep each message three times. */
export class TestCluster implements Servers {
  readonly replicas = 3;
  readonly client: Transport;
  readonly #servers: readonly TestServer[];

  constructor(program: string, client: Transport, port = 20_000 + (process.pid % 20_000)) {
    this.client = client;
    const ports = [1, 2, 3].map(at => port + at);
    const routes = ports.map(each => `"nats://127.0.0.1:${each + 10}"`).join(', ');
    this.#servers = ports.map((each, at) => {
      const cluster = `cluster { name: "test", listen: "127.0.0.1:${each + 10}", routes: [${routes}] }`;
      return new TestServer(program, client, each, `server_name: "n${at}"\n${cluster}`);
    });
  }

  get ports(): string {
    return this.#servers.map(({ port }) => port).join(',');
  }

  async start(): Promise<void> {
    await Promise.all(this.#servers.map(server => server.start()));
  }

  connect(): Promise<Connection> {
    const [first] = this.#servers;
    return first!.connectTo(this.ports);
  }

  async harm(stream: string, downMs: number): Promise<void> {
    const connection = await this.connect();
    const { data } = await connection.request(`$JS.API.STREAM.INFO.${stream}`, '', { timeout: 5000 });
    await connection.close();
    const { cluster } = JSON.parse(new TextDecoder().decode(data)) as { cluster: { leader: string } };
    await this.#servers[Number(cluster.leader.slice(1))]!.harm(stream, downMs);
  }

  async end(): Promise<void> {
    for (const server of this.#servers) await server.end();
  }
}
