import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makers } from '../../src/network/engine/lasting.ts';
import { Network } from '../../src/network/index.ts';
import { makeNatsEngine } from '../../src/network/nats/nats-engine.ts';
import { readNetwork } from '../../src/network/nats/report.ts';
import { equal, is } from '../helpers/assert.ts';
import { type Connection, type NatsServer, seamsOf, settingsOf } from '../network/nats-engines.ts';
import { ONE_FIXTURES, ONE_GRAPH, ONE_INPUT, ONE_OUTPUT, ONE_STATES } from '../network/one-graph.ts';
import { spawnWorker } from './child.ts';
import type { TestServer } from './server.ts';

// The graph that must give the same everywhere, on three workers with NATS.

const FLOW = '{"type":"Flow"}';
const WORKERS = 3;
const LONGEST_MS = 30_000;
const WORKER = fileURLToPath(new URL('./one-worker.js', import.meta.url));
const root = new URL('../../../', import.meta.url);
const decoder = new TextDecoder();

export const oneComponents = () =>
  Object.fromEntries(
    Object.entries(ONE_FIXTURES).map(([name, fixture]) => {
      const file = new URL(`fixtures/${fixture}/${fixture.replace('-', '_')}.wasm`, root);
      return [name, { source: new Uint8Array(readFileSync(file)) }];
    }),
  );

/** Makes a worker of the graph. */
export function makeOneNetwork(server: NatsServer, connection: Connection): Promise<Network> {
  const engine = { flush: async () => {}, lastId: () => undefined };
  const settings = settingsOf({ spread: true, leaseMs: 4000 });
  makers.set(engine, bounds => makeNatsEngine(connection, settings, bounds, seamsOf(server)));
  return Network.create(ONE_GRAPH, { components: oneComponents(), actors: { timeoutMs: 2000 }, engine });
}

async function until(what: string, action: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + LONGEST_MS; Date.now() < endMs; ) {
    if (await action()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`${what} does not come`);
}

export async function runOneGraph(server: TestServer): Promise<void> {
  const name = ONE_GRAPH.properties.name;
  const connection = await server.connect();
  const children: ChildProcess[] = [];
  const ask = async <T>(subject: string, body: string, headers?: object): Promise<T> => {
    const options = { timeout: 5000, ...(headers && { headers }) };
    return JSON.parse(decoder.decode((await connection.request(subject, body, options)).data)) as T;
  };
  try {
    for (let count = 0; count < WORKERS; count++)
      children.push(spawnWorker(WORKER, [server.ports], 'inherit'));
    // Each of the three has a node.
    await until('the share of each worker', async () => {
      const parts =
        (await (await readNetwork(connection, name, async () => server.client))?.status())?.parts ?? [];
      return (
        new Set(parts.map(({ worker }) => worker).filter(Boolean)).size === WORKERS &&
        !parts.some(({ worker }) => !worker)
      );
    });
    for (const port of ONE_INPUT) {
      const { seq } = await ask<{ seq?: number }>(`pb.${name}.in.${port}`, FLOW);
      is(typeof seq, 'number');
    }
    const output: { [port: string]: unknown[] } = Object.fromEntries(
      Object.keys(ONE_OUTPUT).map(port => [port, []]),
    );
    const expected = Object.values(ONE_OUTPUT).reduce((sum, { length }) => sum + length, 0);
    let next = 1;
    await until('the last packet', async () => {
      for (;;) {
        const { message } = await ask<{ message?: { subject: string; data: string } }>(
          `$JS.API.STREAM.MSG.GET.PB_${name}_OUT`,
          JSON.stringify({ seq: next }),
        );
        if (!message) return next > expected;
        next++;
        const { data } = JSON.parse(atob(message.data)) as { data: unknown };
        output[message.subject.split('.').at(-1)!]!.push(data);
      }
    });
    equal(output, ONE_OUTPUT);
    const exits = children.map(child => new Promise(resolve => child.once('exit', resolve)));
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(exits);
    // A worker alone has the states of all nodes.
    const network = await makeOneNetwork(server, await server.connect());
    network.start();
    const ids = Object.keys(ONE_STATES);
    const states = () => {
      const { nodes } = network.snapshot();
      return Object.fromEntries(ids.map(id => [id, nodes[id]?.state]));
    };
    const isEqual = async () => JSON.stringify(states()) === JSON.stringify(ONE_STATES);
    await until('the same states', isEqual).catch(() => equal(states(), ONE_STATES));
    await network.stop();
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}
