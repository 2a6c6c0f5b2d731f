import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equal, is, match } from '../helpers/assert.ts';
import { ONE_FIXTURES, ONE_GRAPH, ONE_INPUT, ONE_OUTPUT, ONE_STATES } from '../network/one-graph.ts';
import { root } from '../runtime/root.ts';
import { startWorkerd, type Workerd } from '../runtime/workerd.ts';

// The folder that `plugboard build --target workerd` writes, on workerd.

const FLOW = '{"type":"Flow"}';
const PROGRAM = join(root, 'dist/lib/cli/main.js');
const LONGEST_MS = 20_000;

/** Builds a graph with the command in a temporary folder, and runs the body with a function that starts it. */
async function withTarget(
  program: string,
  graph: object,
  options: readonly string[],
  body: (start: () => Promise<Workerd>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-target-'));
  let workerd: Workerd | undefined;
  try {
    writeFileSync(join(folder, 'graph.json'), JSON.stringify(graph));
    const components = Object.entries(ONE_FIXTURES).flatMap(([name, fixture]) => {
      copyFileSync(
        join(root, `fixtures/${fixture}/${fixture.replace('-', '_')}.wasm`),
        join(folder, `${name}.wasm`),
      );
      return ['--component', `${name}=${name}.wasm`];
    });
    const args = ['build', '--target', 'workerd', 'graph.json', '-o', 'out', ...components, ...options];
    const built = spawnSync(process.execPath, [PROGRAM, ...args], { cwd: folder, encoding: 'utf8' });
    is(built.status, 0, built.stderr);
    is(built.stdout, 'cd out\nnpx workerd serve config.capnp\n');
    await body(async () => {
      await workerd?.kill();
      workerd = await startWorkerd(program, 'config.capnp', { cwd: join(folder, 'out') });
      return workerd;
    });
  } catch (error) {
    const { message, details = '' } = error as Error & { details?: string };
    throw new Error(`${message}\n${details}\n${workerd?.output() ?? ''}`, { cause: error });
  } finally {
    await workerd?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const textOf = async (response: Response | Promise<Response>): Promise<string> => (await response).text();
const post = (url: string, packet: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: packet, headers });
type Status = { nodes: { [node: string]: { state: object } } };
const statesOf = async (url: string) =>
  Object.fromEntries(
    Object.entries(((await (await fetch(url)).json()) as Status).nodes).map(([id, { state }]) => [id, state]),
  );

const VISITS = {
  properties: { name: 'visits' },
  processes: { count: { component: 'Counter' } },
  inports: { visit: { nodeId: 'count', portId: 'increment' } },
  outports: { count: { nodeId: 'count', portId: 'count' } },
};

/** Sends messages, kills workerd, starts it again, and finds the state. */
export const runTarget = (program: string): Promise<void> =>
  withTarget(program, VISITS, ['--fuel', '10000000', '--memory-pages', '128'], async start => {
    const visit = `{"visit":${FLOW}}`;
    const count = (data: number) => `{"count":{"type":"Integer","data":${data}}}\n`;
    const first = await start();
    is(await textOf(post(`${first.origin}/ada`, visit)), count(1));
    is(await textOf(post(`${first.origin}/ada`, visit)), count(2));
    for (const _ of [1, 2])
      is((await post(`${first.origin}/ada`, visit, { 'idempotency-key': 'x' })).status, 202);
    const kept = '{"count":{"type":"Integer","data":3},"#":1}\n';
    is(await textOf(fetch(`${first.origin}/ada/count`)), kept);
    const { origin } = await start();
    is(await textOf(post(`${origin}/ada`, visit)), count(4));
    is(await textOf(fetch(`${origin}/ada/count`)), kept);
    is(await textOf(fetch(`${origin}/ada/count?after=1`)), '');
    equal(await statesOf(`${origin}/ada`), { count: { count: 4 } });
    is(await textOf(post(`${origin}/eve`, visit)), count(1), 'another name is another instance');
    const refused = [
      post(`${origin}/ada`, '{"visit"'),
      post(`${origin}/ada/count`, visit),
      fetch(`${origin}/ada`, { method: 'DELETE' }),
      fetch(`${origin}/`),
      post(`${origin}/ada`, visit, { 'sec-fetch-site': 'cross-site' }),
      post(`${origin}/ada`, `{"visits":${FLOW}}`),
    ];
    equal(
      (await Promise.all(refused)).map(({ status }) => status),
      [400, 405, 405, 404, 403, 500],
    );
  });

/** Fuel that no call has enough of: the Worker keeps its limits. */
export const runLimits = (program: string): Promise<void> =>
  withTarget(program, VISITS, ['--fuel', '10'], async start => {
    const { origin } = await start();
    const response = await post(`${origin}/ada`, `{"visit":${FLOW}}`);
    is(response.status, 500);
    match(await response.text(), /used more than 10 units of fuel/);
  });

/** The graph that must give the same everywhere. */
export const runOneGraph = (program: string): Promise<void> =>
  withTarget(program, ONE_GRAPH, [], async start => {
    let { origin } = await start();
    for (const [at, port] of ONE_INPUT.entries()) {
      const headers = { 'idempotency-key': String(at) };
      is((await post(`${origin}/one`, `{"${port}":${FLOW}}`, headers)).status, 202);
      // It goes on where it was.
      if (at === ONE_INPUT.length / 2) ({ origin } = await start());
    }
    const output: { [port: string]: unknown[] } = {};
    for (const [port, { length }] of Object.entries(ONE_OUTPUT)) {
      const read = async () =>
        (await textOf(fetch(`${origin}/one/${port}`)))
          .split('\n')
          .filter(Boolean)
          .map(line => (JSON.parse(line) as { [port: string]: { data: unknown } })[port]!.data);
      for (const endMs = Date.now() + LONGEST_MS; Date.now() < endMs; ) {
        output[port] = await read();
        if (output[port].length >= length) break;
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    }
    equal(output, ONE_OUTPUT);
    equal(await statesOf(`${origin}/one`), ONE_STATES);
  });
