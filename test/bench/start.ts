import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../helpers/node.ts';
import type { Sample } from './measure.ts';

// What does a program pay before it does anything? CPU time of processes that import the package, and of the command, less
// that of an empty program on the same runtime. The published files are measured, dist/lib.

const path = (name: string) => nodeHost.path(name);
const plugin = path('fixtures/rust-pdk/rust_pdk.wasm');
const ours = path('dist/lib/node.js');
const peer = path('test/bench/node_modules/@extism/extism/dist/esm/mod.js');
const firstCall = (from: string) =>
  `import { readFileSync } from 'node:fs';
  import { createPlugin } from '${from}';
  const functions = { 'extism:host/user': { shout: () => 0n, notify() {} } };
  const plugin = await createPlugin({ wasm: [{ data: readFileSync('${plugin}') }] }, { functions, useWasi: true });
  await plugin.call('echo', 'hello');
  await plugin.close();`;
const command = (...args: readonly string[]) => [path('dist/lib/cli/main.js'), ...args];
const stubs = ['shout', 'notify'].flatMap(name => ['--stub', `extism:host/user.${name}`]);

/** For each workload its subjects: the text of a program, or the arguments of Node. */
const WORKLOADS: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>> = {
  import: { plugboard: `import '${ours}';`, 'js-sdk': `import '${peer}';` },
  'import of actors': { plugboard: `import '${path('dist/lib/actor-node.js')}';` },
  'first call': { plugboard: firstCall(ours), 'js-sdk': firstCall(peer) },
  'plugboard --version': { plugboard: command('--version') },
  'plugboard call': { plugboard: command('call', plugin, 'echo', '--input', 'hello', ...stubs) },
};
const ROUNDS = 9;
const flags = nodeHost.runtime.startsWith('deno') ? ['run', '--allow-all', '--no-lock', '--quiet'] : [];

/** Returns the CPU time of a process and its threads, in µs. */
function cpuUs(args: readonly string[]): number {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>&1 || exit 1';
  const all = ['-c', script, 'bash', process.execPath, ...flags, ...args];
  const { status, stderr } = spawnSync('bash', all, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}`);
  const [user, system] = stderr.trim().split(' ').map(Number) as [number, number];
  return (user + system) * 1e6;
}

function measure(subject: string | readonly string[]): Sample {
  const { runtime } = nodeHost;
  if (typeof subject !== 'string' && !runtime.startsWith('node')) return { runtime, roundsUs: null };
  const folder = mkdtempSync(join(tmpdir(), 'plugboard-start-'));
  try {
    const [empty, program] = [join(folder, 'empty.mjs'), join(folder, 'program.mjs')];
    writeFileSync(empty, '');
    writeFileSync(program, typeof subject === 'string' ? subject : '');
    const args = typeof subject === 'string' ? [program] : subject;
    // In turns, so that other work on the machine changes both alike.
    const roundsUs = Array.from({ length: ROUNDS }, () => -cpuUs([empty]) + cpuUs(args));
    return { runtime, roundsUs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [workload, subject] = process.argv.slice(2);
const list = Object.entries(WORKLOADS).map(([name, subjects]) => ({ name, subjects: Object.keys(subjects) }));
console.log(JSON.stringify(workload === undefined ? list : measure(WORKLOADS[workload]![subject!]!)));
