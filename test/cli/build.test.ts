import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const graphOf = (metadata: object = {}) => ({
  properties: { name: 'visits "é"' },
  processes: { count: { component: 'Counter', metadata } },
  inports: { visit: { nodeId: 'count', portId: 'increment' } },
  outports: { count: { nodeId: 'count', portId: 'count' } },
});
const COMPONENT = ['--component', 'Counter=counter.wasm'];

const inBuild = (body: (folder: string) => Promise<void>) => () =>
  inFolder(async folder => {
    copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
    writeFileSync(join(folder, 'graph.json'), JSON.stringify(graphOf()));
    writeFileSync(join(folder, 'timed.json'), JSON.stringify(graphOf({ timeout_ms: 1000 })));
    writeFileSync(join(folder, 'small.json'), JSON.stringify(graphOf({ memory_limit_mb: 8 })));
    await body(folder);
  });

// `npm run test:durable` runs the folder on workerd.
suite('cli build', test => {
  test(
    'writes all that the configuration names, and a later build leaves the objects as they are',
    inBuild(async folder => {
      const args = ['build', '--target', 'workerd', 'graph.json', '-o', 'new/my out', ...COMPONENT];
      const first = await plugboard(folder, [...args, '--fuel', '1000000']);
      equal(first, { stdout: "cd 'new/my out'\nnpx workerd serve config.capnp\n", stderr: '', code: 0 });
      const read = (file: string) => readFileSync(join(folder, 'new/my out', file), 'utf8');
      const config = read('config.capnp');
      match(config, /uniqueKey = "visits%20%22%C3%A9%22"/);
      const embedded = [...config.matchAll(/embed "([^"]+)"/g)].map(([, file]) => file!);
      ok(embedded.length > 10);
      for (const file of embedded) ok(existsSync(join(folder, 'new/my out', file)), file);
      // Each import of the code is a module of the configuration.
      for (const file of embedded.filter(name => name.startsWith('plugboard/') && name.endsWith('.js')))
        for (const [, name] of read(file).matchAll(/^(?:import|export) .*from '\.\/([^']+)';$/gm))
          ok(embedded.includes(`plugboard/${name}`), `${file} imports ${name}`);
      match(read('worker.js'), /const limits = \{"fuel":1000000\};/);
      writeFileSync(join(folder, 'new/my out/objects/kept'), '');
      is((await plugboard(folder, args)).code, 0);
      ok(existsSync(join(folder, 'new/my out/objects/kept')));
      ok(!read('worker.js').includes('limits'));
    }),
  );

  const BUILD = ['build', '--target', 'workerd', 'graph.json', '-o', 'out', ...COMPONENT];
  const withMine = (text: string) => `${text}// mine\n`;
  const asGitDoes = (text: string) => text.replaceAll('\n', '\r\n');
  const CHANGES: readonly [
    name: string,
    file: string,
    isFirst: boolean,
    isKept: boolean,
    change?: typeof withMine,
  ][] = [
    ['a Worker that it did not write', 'worker.js', true, true],
    ['a Worker that was changed', 'worker.js', false, true],
    ['a configuration that it did not write', 'config.capnp', true, true],
    ['a configuration that was changed', 'config.capnp', false, true],
    ['a graph that it did not write', 'graphs/1.json', true, true],
    ['a graph of an earlier build', 'graphs/1.json', false, false],
    ['a Worker with other ends of lines', 'worker.js', false, false, asGitDoes],
    [
      'a changed Worker with other ends of lines',
      'worker.js',
      false,
      true,
      text => asGitDoes(withMine(text)),
    ],
  ];
  for (const [name, file, isFirst, isKept, change = withMine] of CHANGES)
    test(
      `${isKept ? 'keeps' : 'replaces'} ${name}`,
      inBuild(async folder => {
        const path = join(folder, 'out', file);
        if (!isFirst) is((await plugboard(folder, BUILD)).code, 0);
        mkdirSync(dirname(path), { recursive: true });
        const mine = change(isFirst ? '' : readFileSync(path, 'utf8'));
        writeFileSync(path, mine);
        const { stderr, code } = await plugboard(folder, BUILD);
        is(code, isKept ? 2 : 0, stderr);
        is(readFileSync(path, 'utf8') === mine, isKept);
        if (isKept)
          match(
            stderr,
            /FILE: .*: expected a file as plugboard build wrote it, .*move the folder away, or give/,
          );
        if (isFirst) equal(readdirSync(join(folder, 'out')), [file.split('/')[0]]);
      }),
    );

  const REFUSED: readonly [name: string, args: string[], code: number, message: RegExp][] = [
    [
      'a target that it does not know',
      ['--target', 'wasmtime', 'graph.json', '-o', 'out', ...COMPONENT],
      2,
      /USAGE: --target: expected workerd, got "wasmtime"; see plugboard build --help/,
    ],
    [
      'a missing target',
      ['graph.json', '-o', 'out', ...COMPONENT],
      2,
      /USAGE: --target: expected workerd, got nothing/,
    ],
    [
      'a missing folder',
      ['--target', 'workerd', 'graph.json', ...COMPONENT],
      2,
      /USAGE: --out is missing: expected the path of a folder/,
    ],
    [
      'a folder that is a file',
      ['--target', 'workerd', 'graph.json', '-o', 'graph.json', ...COMPONENT],
      2,
      /FILE: graph\.json/,
    ],
    [
      'a component that is not given',
      ['--target', 'workerd', 'graph.json', '-o', 'out'],
      1,
      /UNKNOWN_COMPONENT: node "count": no component "Counter" is given; there are none\n {2}on the command line: --component NAME=FILE gives a component\n$/,
    ],
    [
      'a time limit of a node',
      ['--target', 'workerd', 'timed.json', '-o', 'out', ...COMPONENT],
      2,
      /USAGE: node "count": metadata\.timeout_ms: .*give --fuel/,
    ],
    [
      'a memory limit of a node',
      ['--target', 'workerd', 'small.json', '-o', 'out', ...COMPONENT],
      2,
      /USAGE: node "count": metadata\.memory_limit_mb: .*give --memory-pages/,
    ],
    [
      'a memory limit below the start of a module',
      ['--target', 'workerd', 'graph.json', '-o', 'out', ...COMPONENT, '--memory-pages', '1'],
      1,
      /MEMORY_LIMIT/,
    ],
  ];
  for (const [name, args, code, message] of REFUSED)
    test(
      `refuses ${name}, and writes nothing`,
      inBuild(async folder => {
        const finished = await plugboard(folder, ['build', ...args]);
        is(finished.code, code, finished.stderr);
        match(finished.stderr, message);
        is(existsSync(join(folder, 'out')), false);
      }),
    );
});
