import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installLocked } from '../runtime/install.ts';
import type { TestServer } from './server.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const LONGEST_MS = 30_000;

const page = readFileSync(join(root, 'docs/NETWORKS.md'), 'utf8');
const blockWith = (text: string) =>
  [...page.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)]
    .map(([, code]) => code!)
    .find(code => code.includes(text))!;
// The package is found by its link, and its peers beside the link.
const LINKED = ['--preserve-symlinks', '--preserve-symlinks-main'];

/** A folder with the package as a user has it, the graph of docs/NETWORKS.md, and its module. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-nats-page-'));
  cpSync(installLocked('test/nats'), join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/plugboard'), 'junction');
  writeFileSync(join(folder, 'graph.json'), blockWith('"inports": { "visit"'));
  cpSync(join(root, 'fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
  return folder;
}

async function until<T>(what: string, action: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = Date.now() + LONGEST_MS; Date.now() < endMs; ) {
    const found = await action().catch(() => undefined);
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`${what} does not come`);
}

/** Sends a message to the network of the page. Returns the data of the message of this number that has left it. */
async function visit(server: TestServer, name: string, number = 1): Promise<unknown> {
  const connection = await server.connect();
  const ask = async (subject: string, body: string) => {
    const { data } = await connection.request(subject, body, { timeout: 2000 });
    return JSON.parse(new TextDecoder().decode(data)) as { seq?: number; message?: { data: string } };
  };
  await until('the acknowledgement', async () => (await ask(`pb.${name}.in.visit`, '{"type":"Flow"}')).seq);
  const last = JSON.stringify({ seq: number });
  const text = await until(
    'the count',
    async () => (await ask(`$JS.API.STREAM.MSG.GET.PB_${name}_OUT`, last)).message?.data,
  );
  return (JSON.parse(atob(text)) as { data: unknown }).data;
}

/** Runs the worker of docs/NETWORKS.md, with the package as a user has it. Returns the data of the first message that leaves it. */
export async function runPage(server: TestServer): Promise<unknown> {
  const folder = makeFolder();
  const code = blockWith("from 'plugboard/nats'").replace('nats://localhost', `127.0.0.1:${server.port}`);
  writeFileSync(join(folder, 'worker.mjs'), code);
  const child = spawn(process.execPath, [...LINKED, 'worker.mjs'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    return await visit(server, 'visits');
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a spread graph by the command line, and looks at it. Returns the data that leaves it, and the output of the commands. */
export async function runCommands(
  server: TestServer,
): Promise<{ data: unknown; status: string; dead: string; reloads: string; hasPage: boolean }> {
  const folder = makeFolder();
  const graph = JSON.parse(readFileSync(join(folder, 'graph.json'), 'utf8')) as { properties: object };
  writeFileSync(
    join(folder, 'graph.json'),
    JSON.stringify({ ...graph, properties: { ...graph.properties, name: 'commands' } }),
  );
  const url = `nats://127.0.0.1:${server.port}`;
  const program = [...LINKED, join(folder, 'node_modules/plugboard/dist/lib/cli/main.js')];
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [...program, ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LONGEST_MS,
    });
  const running = ['run', 'graph.json', '--component', 'Counter=counter.wasm', '--timeout', '2000'];
  const child = spawn(process.execPath, [...program, ...running, '--nats', url, '--spread', '--page'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    told += text;
  });
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve));
  try {
    const data = await visit(server, 'commands');
    const address = await until('the address of the page', async () => /page: (http\S+)/.exec(told)?.[1]);
    const picture = await fetch(address);
    const html = await picture.text();
    const status = run('net', 'status', url, 'commands');
    const dead = run('net', 'dead', url, 'commands');
    // The same module with a custom section more, one without the ports of the graph, and one that is not a module.
    const counter = readFileSync(join(folder, 'counter.wasm'));
    writeFileSync(join(folder, 'next.wasm'), Uint8Array.from([...counter, 0, 2, 1, 0x61]));
    cpSync(join(root, 'fixtures/go-counter/go_counter.wasm'), join(folder, 'other.wasm'));
    const reloads = ['next', 'other', 'graph'].map(file => {
      const module = `Counter=${file}${file === 'graph' ? '.json' : '.wasm'}`;
      const { status: code, stdout, stderr } = run('net', 'reload', url, 'commands', '--component', module);
      return `${code} ${stdout}${stderr}`;
    });
    // The state of before, in the new module.
    const next = await visit(server, 'commands', 2);
    reloads.push(`${next}`);
    child.kill('SIGTERM');
    const code = await exited;
    if (code !== 0) throw new Error(`the worker ended with ${code}`);
    return {
      data,
      status: status.stdout + status.stderr,
      dead: dead.stdout + dead.stderr,
      reloads: reloads.join('\n'),
      hasPage: picture.ok && html.includes('<html'),
    };
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
