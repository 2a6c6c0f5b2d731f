import { is, match } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const GRAPH = {
  properties: { name: 'g' },
  processes: {
    a: { component: 'Counter' },
    b: { component: 'ExtismActor', metadata: { plugin_path: './copy.wasm' } },
  },
  inports: { go: { nodeId: 'a', portId: 'increment' } },
};
const POLICY = { version: 1, plugins: [] };
const LIBRARY = buildModule({ functions: [{ name: 'f', body: [] }] });

interface Row {
  command: string[];
  /** Files that the command reads. */
  reads: string[];
  /** Options of files that it writes. */
  writes: string[][];
}

const TRACED = [['--trace'], ['--trace', 't', '--html'], ['--record'], ['--record-on-failure']];
const RUN = [['--state'], ['--events'], ...TRACED];

const ROWS: readonly Row[] = [
  {
    command: ['call', 'vowels.wasm', 'count_vowels', '--link', 'l=library.wasm', '--policy', 'policy.json'],
    reads: ['vowels.wasm', 'library.wasm', 'policy.json', 'stdin.txt'],
    writes: TRACED,
  },
  {
    command: ['call', '--manifest', 'manifest.json', 'count_vowels', '--link', 'FOLDER/library.wasm'],
    reads: ['vowels.wasm', 'manifest.json', 'copy.wasm', 'library.wasm'],
    writes: TRACED,
  },
  {
    command: ['run', 'counter.wasm', '--node', 'node.json', '--policy', 'policy.json'],
    reads: ['counter.wasm', 'node.json', 'policy.json', 'stdin.txt'],
    writes: RUN,
  },
  {
    command: [
      ...['run', 'graph.json', '--component', 'Counter=counter.wasm', '--with', 'other.json'],
      ...['--policy', 'policy.json'],
    ],
    reads: ['graph.json', 'counter.wasm', 'other.json', 'policy.json', 'copy.wasm', 'stdin.txt'],
    writes: RUN,
  },
  {
    command: ['inspect', 'vowels.wasm', 'copy.wasm', '--link', 'library.wasm', '--policy', 'policy.json'],
    reads: ['vowels.wasm', 'copy.wasm', 'library.wasm', 'policy.json'],
    writes: [['--html']],
  },
  {
    command: ['replay', 'recording.pbrec', '--wasm', 'vowels.wasm'],
    reads: ['recording.pbrec', 'vowels.wasm'],
    writes: [['--emit-test']],
  },
  {
    command: ['lock', 'vowels.wasm', '--trace', 'trace.jsonl', '--reason', 'r'],
    reads: ['vowels.wasm', 'trace.jsonl'],
    writes: [['--lock'], ['--policy']],
  },
  { command: ['prepare', 'counter.wasm', '--fuel'], reads: ['counter.wasm'], writes: [['--out']] },
  {
    command: ['types', 'counter.wasm'],
    reads: ['schema.d.mts'],
    writes: [['--schema', 'schema.d.mts', '--out']],
  },
  {
    command: [
      'build',
      '--target',
      'workerd',
      'simple.json',
      '--component',
      'Counter=components/1-Counter.wasm',
    ],
    reads: ['components/1-Counter.wasm'],
    writes: [['--fuel', '9', '--out']],
  },
];

/** Each read file with one of the options, and each option with one of the files. */
const pairs = ({ reads, writes }: Row): [read: string, write: string[]][] =>
  Array.from({ length: Math.max(reads.length, writes.length) }, (_, at) => [
    reads[at % reads.length]!,
    writes[at % writes.length]!,
  ]);

suite('cli: files for two purposes', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  const inProject = async (body: (folder: string) => Promise<void>) => {
    const { copyFileSync, mkdirSync, writeFileSync } = await import('node:fs');
    const { inFolder } = await import('./spawn.ts');
    await inFolder(async folder => {
      const [vowels, counter] = ['vowels/vowels.wasm', 'rust-counter/rust_counter.wasm'].map(path =>
        host().path(`fixtures/${path}`),
      );
      mkdirSync(`${folder}/components`);
      for (const [name, path] of [
        ['vowels', vowels],
        ['counter', counter],
        ['copy', counter],
        ['components/1-Counter', counter],
      ])
        copyFileSync(path!, `${folder}/${name}.wasm`);
      const { b: _, ...simple } = GRAPH.processes;
      const files = {
        'policy.json': POLICY,
        'manifest.json': {
          wasm: [{ path: `file://${folder}/copy.wasm`, name: 'c' }, { url: `file://${folder}/vowels.wasm` }],
        },
        'node.json': { id: 'n', component: 'c' },
        'graph.json': GRAPH,
        'simple.json': { ...GRAPH, processes: simple },
        'other.json': { properties: { name: 'other' }, processes: {} },
        'recording.pbrec': {},
        'trace.jsonl': {},
        'schema.d.mts': { version: 'v0', exports: [] },
        'stdin.txt': {},
      };
      for (const [name, content] of Object.entries(files))
        writeFileSync(`${folder}/${name}`, JSON.stringify(content));
      writeFileSync(`${folder}/library.wasm`, LIBRARY);
      await body(folder);
    });
  };

  for (const row of ROWS)
    for (const [read, write] of pairs(row)) {
      const isOfFolder = row.command[0] === 'build';
      const out = row.command[0] === 'types' ? 'schema.mjs' : isOfFolder ? '.' : read;
      test(`${[...row.command, ...write, out].join(' ')}: ${read} stays as it is`, () =>
        inProject(async folder => {
          const { readFileSync } = await import('node:fs');
          const { plugboard } = await import('./spawn.ts');
          const path = `${folder}/${read}`;
          const before = readFileSync(path);
          const args = [...row.command, ...write, out].map(word =>
            word.replace('FOLDER', `file://${folder}`),
          );
          const { code, stderr } = await plugboard(folder, args, {
            ...(read === 'stdin.txt' && { stdinFile: path }),
          });
          match(stderr, /USAGE: .* are the same file; give each its own/);
          is(code, 2, stderr);
          is(readFileSync(path).equals(before), true, 'the file is as it was');
        }));
    }
});
