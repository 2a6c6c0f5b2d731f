import { equal, is, match } from './helpers/assert.ts';
import { filesBelow } from './helpers/files.ts';
import { host, readText } from './helpers/host.ts';
import { checkLayers } from './helpers/layers.ts';
import { scan } from './helpers/scan-source.ts';
import { suite } from './helpers/suite.ts';

type Files = Record<string, string>;

const wrong: { name: string; files: Files; problem: string }[] = [
  {
    name: 'a cycle',
    files: {
      'src/run/call.ts': "import { a } from './mode.ts';",
      'src/run/mode.ts': "import { b } from './calls.ts';",
      'src/run/calls.ts': "import { c } from './call.ts';",
    },
    problem: 'import cycle: src/run/call.ts → src/run/mode.ts → src/run/calls.ts → src/run/call.ts',
  },
  {
    name: 'a cycle of types',
    files: {
      'wasi/clock.ts': "import type { Fd } from './fd.ts';",
      'wasi/fd.ts': "export type { Clock } from './clock.ts';",
    },
    problem: 'import cycle: wasi/clock.ts → wasi/fd.ts → wasi/clock.ts',
  },
  {
    name: 'a file that imports itself',
    files: { 'abi/spec.ts': "import * as self from './spec.ts';" },
    problem: 'import cycle: abi/spec.ts → abi/spec.ts',
  },
  {
    name: 'abi importing wasi',
    files: { 'abi/memory.ts': "import { EFAULT } from '../wasi/spec/rows.ts';", 'wasi/spec/rows.ts': '' },
    problem: "abi/memory.ts: 'abi' may not import '../wasi/spec/rows.ts' of 'wasi spec'",
  },
  {
    name: 'a room importing the actor, as a type only',
    files: {
      'src/run/call.ts': "import type { Message } from '../actor/message.ts';",
      'src/actor/message.ts': '',
    },
    problem: "src/run/call.ts: 'run' may not import '../actor/message.ts' of 'actor'",
  },
  {
    name: 'a room importing the room above it',
    files: {
      'src/module/source.ts': "import { readManifest } from '../given/manifest.ts';",
      'src/given/manifest.ts': '',
    },
    problem: "src/module/source.ts: 'module' may not import '../given/manifest.ts' of 'given'",
  },
  {
    name: 'the calls on one thread importing those in a worker',
    files: {
      'src/run/call.ts': "import { give } from './worker/answer.ts';",
      'src/run/worker/answer.ts': '',
    },
    problem: "src/run/call.ts: 'run' may not import './worker/answer.ts' of 'run in a worker'",
  },
  {
    name: 'the plugin importing a platform, written as import()',
    files: {
      'src/plugin.ts': "const web = await import('./platform/web.ts');",
      'src/platform/web.ts': '',
    },
    problem: "src/plugin.ts: 'plugin' may not import './platform/web.ts' of 'platform'",
  },
  {
    name: 'errors importing limits, written as a type',
    files: { 'src/errors.ts': "let limit: import('./limits.ts').Limit;", 'src/limits.ts': '' },
    problem: "src/errors.ts: 'errors' may not import './limits.ts' of 'limits'",
  },
  {
    name: 'a built-in module of Node in a room',
    files: { 'src/module/source.ts': "import { readFile } from 'node:fs/promises';" },
    problem: "src/module/source.ts: 'module' may not import 'node:fs/promises' of 'node:'",
  },
  {
    name: 'a built-in module of Node in the platform of the web',
    files: { 'src/platform/web.ts': "import 'node:fs';" },
    problem: "src/platform/web.ts: 'platform' may not import 'node:fs' of 'node:'",
  },
  {
    name: 'a package',
    files: { 'src/cli/main.ts': "import { parse } from '@scope/args';" },
    problem: "src/cli/main.ts: 'cli' may not import '@scope/args' of '@scope'",
  },
  {
    name: 'uvu in a suite',
    files: { 'test/src/call.test.ts': "import { suite } from 'uvu';" },
    problem: "test/src/call.test.ts: 'test' may not import 'uvu' of 'uvu'",
  },
  {
    name: 'an import whose name is computed',
    files: { 'src/plugin.ts': 'await import(name);' },
    problem: "src/plugin.ts: 'plugin' may not import 'computed' of 'computed'",
  },
  {
    name: 'an import of a missing file',
    files: { 'abi/index.ts': "export * from './kernal.ts';" },
    problem: "abi/index.ts: imports './kernal.ts', but there is no file abi/kernal.ts",
  },
  {
    name: 'a file outside all layers',
    files: { 'src/helpers/misc.ts': '' },
    problem: 'src/helpers/misc.ts: belongs to no layer of test/helpers/layers.ts',
  },
  {
    name: "a runtime's name in a room",
    files: { 'src/run/call.ts': 'if (process.env.DEBUG) log();' },
    problem: "src/run/call.ts: 'run' may not name process",
  },
  {
    name: "a runtime's name behind globalThis, in a template",
    files: { 'src/actor/actor.ts': `const text = \`\${\`on \${globalThis?.Deno.version}\`} \${1}\`;` },
    problem: "src/actor/actor.ts: 'actor' may not name Deno",
  },
  {
    name: "a runtime's name that is only looked for",
    files: { 'wasi/clock.ts': "const bun = typeof Bun !== 'undefined';" },
    problem: "wasi/clock.ts: 'wasi' may not name Bun",
  },
];

const allowed: Files = {
  'abi/spec.ts': '',
  'abi/index.ts': "export * from './spec.ts';",
  'src/errors.ts': '// process.exit() and Deno are names in a comment',
  'src/platform/types.ts': '',
  'src/platform/node.ts':
    "import fs from 'node:fs'; import type { Platform } from './types.ts'; process.cwd();",
  'src/plugin.ts':
    "import { SPEC } from '../abi/index.ts'; import type { Platform } from './platform/types.ts';",
  'src/node.ts': "import { node } from './platform/node.ts'; export { createPlugin } from './plugin.ts';",
  'src/actor/actor.ts': `
    import { createPlugin } from '../plugin.ts';
    export class ScriptActor {
      async process(payload: Payload) { return 'Deno'; }
    }
    const entryPoint = { process: 1, quote: /['"\`]/ };
    actor.process(entryPoint?.process);
  `,
  'src/cli/main.ts': "import { ScriptActor } from '../actor/actor.ts'; const args = [...process.argv];",
  'examples/counter.ts':
    "import { createPlugin } from 'plugboard'; import { readFile } from 'node:fs/promises';",
};

/** Imports that wait until code needs them. Each is awaited while a plugin is created, or a command begins: a call loads nothing. */
const LATE_IMPORTS: Files = {
  'src/actor/state/file-state.ts': '../../platform/node-atomic-file.ts',
  'src/cli/main.ts': './program.ts',
  'src/cli/program.ts':
    './call.ts ./run.ts ./inspect.ts ./types.ts ./graph.ts ./net.ts ./replay.ts ./lock.ts ./prepare.ts ./build.ts ./conformance/command.ts ./conformance/compare.ts',
  'src/cli/run.ts': './run-graph.ts',
  'src/cli/run-graph.ts': './nats.ts ./page-server.ts',
  'src/cli/trace.ts': '../audit/node.ts',
  'src/cli/record.ts': '../audit/node.ts',
  'src/cli/nats.ts': '@nats-io/transport-node @nats-io/nats-core',
  'src/module/compile.ts': './rewrite.ts ./instruments.ts',
  'src/platform/node-worker.ts': './node-worker-code.ts',
  'src/setup.ts':
    './run/growth.ts ./run/with-wasi.ts ./run/tracing.ts ./run/deadline.ts ./run/fuel.ts ./run/worker/runner.ts ../wasi/seen.ts ./link/checks.ts ./link/fresh.ts ./run/fresh.ts ./run/budget.ts ./host/http.ts',
  'src/node.ts': './create/start.ts ./create/compiled.ts',
  'src/web.ts': './create/compiled.ts',
  'src/create/load.ts': '../audit/policy.ts',
  // When the network is made.
  'src/network/nats/jet-stream.ts': '@nats-io/nats-core',
};

suite('layers', test => {
  for (const { name, files, problem } of wrong) {
    test(`refuses ${name}`, () => equal(checkLayers(new Map(Object.entries(files))), [problem]));
  }

  test('accepts the allowed imports', () => equal(checkLayers(new Map(Object.entries(allowed))), []));

  test('reads every form of an import, and no other text', () => {
    const text = [
      "import a from 'a'; import type { B } from \"b\"; import 'c';",
      "export * from 'd'; export type { E } from 'e'; let f: import('f').F; await import('g');",
      "const no = \"import 'x'\"; /* import 'x' */ // import 'x'",
      "const nor = `import 'x' $" +
        "{import('h')} import 'x'`; Array.from('x'); thing.import('x'); /import 'x'/;",
    ].join('\n');
    equal(scan(text).imports, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  if (typeof host().list !== 'function') {
    test.skip(
      'this repository keeps to its layers',
      'this runtime has no file system to read the sources from',
    );
    return;
  }
  test('this repository keeps to its layers', () => {
    const names = ['abi/', 'wasi/', 'src/', 'create-plugboard/src/', 'examples/', 'test/'].flatMap(
      filesBelow,
    );
    const files = new Map(names.map(name => [name, readText(name)]));
    is(checkLayers(files).join('\n'), '');
    match([...files.keys()].join(' '), /test\/layers\.test\.ts/);
  });

  test('a file of the sources has at most 400 lines, and the top of src/ at most 14 files', () => {
    const sources = ['abi/', 'wasi/', 'src/', 'create-plugboard/src/'].flatMap(filesBelow);
    equal(
      sources.filter(name => readText(name).split('\n').length - 1 > 400),
      [],
    );
    const top = sources.filter(name => /^src\/[^/]*$/.test(name));
    equal(top.slice(14), []);
  });

  test('no call loads code', () => {
    const found = ['abi/', 'wasi/', 'src/'].flatMap(filesBelow).flatMap(name => {
      const late = [...readText(name).matchAll(/\bimport\('([^']+)'\)/g)].map(([, target]) => target);
      return late.length ? [[name, late.join(' ')]] : [];
    });
    equal(Object.fromEntries(found), LATE_IMPORTS);
  });
});
