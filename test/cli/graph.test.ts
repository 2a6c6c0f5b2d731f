import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, is, match } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { WORKSPACE } from '../network/graphs.ts';
import { inFolder, plugboard } from './spawn.ts';

const CHAIN = {
  properties: { name: 'chain' },
  processes: { a: { component: 'Counter' }, b: { component: 'Counter' } },
  connections: [{ from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'b', portId: 'increment' } }],
};

const inWorkspace = (body: (folder: string) => Promise<void>) => () =>
  inFolder(async folder => {
    copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), join(folder, 'counter.wasm'));
    const write = (name: string, graph: object) =>
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(graph));
    write('chain', CHAIN);
    write('wrong', { ...CHAIN, connections: [{ to: { nodeId: 'c', portId: 'p' }, data: 1 }] });
    for (const [name, graph] of Object.entries(WORKSPACE)) write(name, graph);
    await body(folder);
  });

suite('cli graph', test => {
  test(
    'prints the picture of a graph',
    inWorkspace(async folder => {
      const { stdout, stderr, code } = await plugboard(folder, ['graph', 'chain.json']);
      const lines = ['flowchart LR', '  n0["a<br/>Counter"]', '  n1["b<br/>Counter"]'];
      equal(
        { stdout, stderr, code },
        { stdout: [...lines, '  n0 -- "count → increment" --> n1', ''].join('\n'), stderr: '', code: 0 },
      );
      match(
        (await plugboard(folder, ['graph', 'chain.json', '--format', 'dot'])).stdout,
        /^digraph "chain" \{\n/,
      );
    }),
  );

  test(
    'checks ports against the module of a component',
    inWorkspace(async folder => {
      const args = ['graph', 'chain.json', '--format', 'json', '--component', 'Counter=counter.wasm'];
      const { stdout, stderr, code } = await plugboard(folder, args);
      is(JSON.parse(stdout).edges[0].id, 'a.count -> b.increment');
      is(code, 0);
      match(
        stderr,
        /^warning: graph\.connections\[0\]: .* messages of type integer go to a port for flow\n$/,
      );
    }),
  );

  test(
    'puts a subgraph in its place, and connects the graphs of a workspace',
    inWorkspace(async folder => {
      const sub = await plugboard(folder, [
        'graph',
        'chain.json',
        '--format',
        'json',
        '--component',
        'Counter=ticker.json',
      ]);
      match(sub.stderr, /the subgraph "b" exposes no inport "increment"; there are none/);
      is(sub.code, 1);
      const both = await plugboard(folder, [
        'graph',
        'printer.json',
        '--with',
        'ticker.json',
        '--format',
        'json',
      ]);
      is(JSON.parse(both.stdout).edges[0].id, 'clocks/ticker/tick.Output -> clocks/printer/print.Input');
      match(both.stderr, /^warning: graphs\[1\]\.processes\.tick: no packet can reach it, [^\n]*\n$/);
    }),
  );

  test(
    'a component that no node has is a warning',
    inWorkspace(async folder => {
      const ended = await plugboard(folder, ['graph', 'chain.json', '--component', 'Nope=counter.wasm']);
      match(ended.stderr, /^warning: --component: no node has the component "Nope"$/m);
      is(ended.code, 0);
    }),
  );

  const wrong: [args: string[], stderr: RegExp, code: number][] = [
    [['wrong.json'], /^plugboard: INVALID_GRAPH: graph\.connections\[0\]\.to: there is no process "c"/, 1],
    [['chain.json', '--format', 'svg'], /USAGE: --format: expected one of mermaid, dot, json, got "svg"/, 2],
    [['chain.json', '--component', 'Counter'], /USAGE: --component: expected NAME=FILE, got "Counter"/, 2],
    [
      ['chain.json', '--component', 'C=a.json', '--component', 'C=b.json'],
      /USAGE: --component: C is given twice/,
      2,
    ],
    [['none.json'], /FILE: none\.json: /, 2],
    [['https://a.test/graph.json'], /USAGE: expected a file, got the URL https:/, 2],
    [
      ['chain.json', '--component', 'Counter=chain.json', '--component', 'Counter=chain.json'],
      /USAGE: --component: Counter is given twice/,
      2,
    ],
  ];
  for (const [args, stderr, code] of wrong) {
    test(
      `refuses ${args.join(' ')}`,
      inWorkspace(async folder => {
        const ended = await plugboard(folder, ['graph', ...args]);
        equal([ended.stdout, ended.code], ['', code]);
        match(ended.stderr, stderr);
      }),
    );
  }
});
