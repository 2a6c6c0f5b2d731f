import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { plugboard } from '../../src/build/esbuild.ts';
import type { Budgets } from '../../src/given/budgets.ts';
import type { PolicyFile } from '../../src/given/policy-types.ts';
import { prepareModule } from '../../src/module/prepare.ts';
import { hexOfSha256 } from '../../src/module/source.ts';
import { nodePlatform } from '../../src/platform/node.ts';
import { buildModule } from '../helpers/build-module.ts';
import type { Check } from './report.ts';
import { root } from './root.ts';
import { temporary } from './start.ts';
import { configText, serveWorker } from './workerd.ts';

const GUEST = buildModule({
  memoryPages: 1,
  functions: [
    { name: 'run', body: [] },
    { name: 'spin', body: ['loop', 'br 0', 'end'] },
    { name: 'grow', body: ['i32.const 2', 'memory.grow', 'drop'] },
    {
      name: 'grow_more',
      body: ['i32.const 3', 'memory.grow', 'i32.const 0', 'i32.lt_s', 'if', 'unreachable', 'end'],
    },
  ],
});
const MAX_PAGES = 2;
/** Its first page, and those by which it may grow. */
const ALL_PAGES = 1 + MAX_PAGES;

const policyOf = (hash: string): PolicyFile => ({
  version: 1,
  plugins: [{ name: 'guest', grants: [{ hash, reason: 'a test' }] }],
});

/** Each makes a plugin in the Worker: an expression of JavaScript, and the code of its error, or `made`. */
const rowsOf = (file: string, bytes: string): readonly [name: string, made: string, expected: string][] => {
  const options = (hash: string) =>
    JSON.stringify({ policy: policyOf(hash), memory: { max_pages: MAX_PAGES } });
  const timed = (source: string) =>
    `createPlugin(${source}, { timeoutMs: 100 }).catch(error => {
      throw /fuel/.test(error.message) ? error : new Error(error.message);
    })`;
  const audit = JSON.stringify({ policy: { source: policyOf(file), mode: 'audit' } });
  const limited = (fn: string, limits: Budgets, input = '') =>
    `createPlugin(prepared.source, ${JSON.stringify({ limits })}).then(plugin => plugin.call('${fn}', '${input}').then(() => plugin))`;
  const limits = { fuel: 10_000, memoryPages: ALL_PAGES };
  return [
    ['prepared, within its limits', limited('grow', limits), 'made'],
    ['prepared, in an endless loop', limited('spin', limits), 'FUEL_EXHAUSTED'],
    ['prepared, over its memory', limited('grow_more', limits), 'TRAP'],
    ['prepared, with kernel memory over its limit', limited('grow', limits, 'x'), 'MEMORY_LIMIT'],
    ['prepared, with a lower limit', limited('run', { memoryPages: MAX_PAGES }), 'UNSUPPORTED'],
    ['prepared, with a time limit, which names fuel', timed('prepared.source'), 'UNSUPPORTED'],
    ['bare, with a time limit, which names fuel', timed('bare'), 'UNSUPPORTED'],
    ['prepared, by the hash of the file', `createPlugin(prepared.source, ${options(file)})`, 'made'],
    ['prepared, by the hash of the bytes', `createPlugin(prepared.source, ${options(bytes)})`, 'made'],
    ['prepared, by its wrapper', `prepared.create(${options(file)}).then(({ plugin }) => plugin)`, 'made'],
    [
      'prepared, by another hash',
      `createPlugin(prepared.source, ${options('0'.repeat(64))})`,
      'POLICY_DENIED',
    ],
    ['bare', `createPlugin(bare, { policy: ${JSON.stringify(policyOf(bytes))} })`, 'LOCK_UNVERIFIABLE'],
    ['bare, in the mode audit', `createPlugin(bare, ${audit})`, 'made'],
    ['bare, with a limit', `createPlugin(bare, { memory: { max_pages: ${MAX_PAGES + 1} } })`, 'UNSUPPORTED'],
  ];
};

/** A prepared module that came through the table of plugboard/esbuild, and the same bytes without it. */
export async function checkPolicyWorker(program: string): Promise<Check[]> {
  const folder = join(temporary, 'policy-worker');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'guest.wasm');
  writeFileSync(file, GUEST);
  const prepared = prepareModule(GUEST, {
    maxPages: MAX_PAGES,
    memoryPages: ALL_PAGES,
    fuel: true,
    time: false,
  });
  writeFileSync(join(folder, 'bare.wasm'), prepared);
  const [fileSha256, sha256] = await Promise.all(
    [GUEST, prepared].map(bytes => hexOfSha256(nodePlatform, bytes)),
  );
  const rows = rowsOf(fileSha256!, sha256!);
  const out = join(folder, 'out');
  await build({
    stdin: {
      contents: [
        "import { createPlugin } from 'plugboard';",
        `import * as prepared from ${JSON.stringify(`${file}?plugboard`)};`,
        "import bare from 'bare.wasm';",
        `const rows = [${rows.map(([, made]) => `() => ${made}`).join(',\n')}];`,
        'const outcome = async make => {',
        '  try {',
        '    const plugin = await make();',
        "    await plugin.call('run');",
        '    await plugin.close();',
        "    return 'made';",
        '  } catch (error) {',
        '    return error.code ?? String(error);',
        '  }',
        '};',
        'export default { fetch: async () => Response.json(await Promise.all(rows.map(outcome))) };',
      ].join('\n'),
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions: ['workerd'],
    logLevel: 'error',
    external: ['bare.wasm'],
    outdir: out,
    assetNames: '[name]',
    plugins: [plugboard({ dts: false, transform: () => prepared })],
  });
  writeFileSync(join(out, 'bare.wasm'), readFileSync(join(folder, 'bare.wasm')));
  const config = join(out, 'config.capnp');
  writeFileSync(
    config,
    configText(
      [
        { name: 'stdin.js', kind: 'esModule', file: 'stdin.js' },
        { name: 'guest.wasm', kind: 'wasm', file: 'guest.wasm' },
        { name: 'bare.wasm', kind: 'wasm', file: 'bare.wasm' },
      ],
      '2026-10-01',
    ),
  );
  const outcomes = await serveWorker(
    program,
    config,
    async origin => (await (await fetch(origin)).json()) as string[],
  );
  return rows.map(([name, , expected], index) => ({
    name: `a policy on workerd: ${name}`,
    expected,
    actual: outcomes[index] ?? 'no outcome',
  }));
}
