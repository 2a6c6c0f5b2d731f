import { answering, METADATA, RESULT } from '../actor/answering.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import type { Finished } from './spawn.ts';

/** A tenth of those of `npm run test:long`; `.ci/run` sets `CI`. */
const THOROUGH_KILLS = 20;
const KILLS = 3;
const isThorough = () => host().thorough || process.env.CI !== undefined;

const GRAPH = {
  properties: { name: 'two' },
  processes: { a: { component: 'Counter' }, b: { component: 'Counter' } },
  connections: [{ from: { nodeId: 'a', portId: 'count' }, to: { nodeId: 'b', portId: 'increment' } }],
  inports: { go: { nodeId: 'a', portId: 'increment' } },
  outports: { count: { nodeId: 'b', portId: 'count' } },
};
/** A node that waits for a packet of each port. */
const JOIN = {
  properties: { name: 'join' },
  processes: { n: { component: 'Counter', metadata: { await_all_inports: true } } },
  inports: { a: { nodeId: 'n', portId: 'increment' }, b: { nodeId: 'n', portId: 'decrement' } },
  outports: { count: { nodeId: 'n', portId: 'count' } },
};
/** The form of upstream's documentation, in snake_case. */
const DOCUMENTED = {
  properties: { name: 'documented' },
  processes: { a: { component: 'ExtismActor', metadata: { plugin_path: './counter.wasm' } } },
  connections: [],
  inports: { go: { node_id: 'a', port_id: 'increment' } },
  outports: { count: { node_id: 'a', port_id: 'count' } },
};
const OUTSIDE = {
  ...DOCUMENTED,
  processes: { a: { component: 'ExtismActor', metadata: { plugin_path: '..' } } },
};
/** The counter counts integers too, of which plugboard warns. */
const COUNTER = ['--component', 'Counter=counter.wasm', '--quiet'];
const go = '{"go":{"type":"Flow"}}\n';
const numbered = (number: number) => `{"#":${number},"go":{"type":"Flow"}}\n`;
const counted = (...counts: number[]) =>
  counts.map(count => `{"count":{"type":"Integer","data":${count}}}\n`).join('');

suite('cli run: graphs', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  type Run = (args: string[], stdin?: string) => Promise<Finished>;
  const testRun = (name: string, body: (run: Run, folder: string) => Promise<void>) =>
    test(name, async () => {
      const { copyFileSync, writeFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), `${folder}/counter.wasm`);
        for (const [name, graph] of Object.entries({
          graph: GRAPH,
          documented: DOCUMENTED,
          outside: OUTSIDE,
        }))
          writeFileSync(`${folder}/${name}.json`, JSON.stringify(graph));
        await body((args, stdin = '') => plugboard(folder, ['run', ...args], { stdin }), folder);
      });
    });

  testRun('lines go in and out by the names of ports', async run => {
    equal(await run(['graph.json', ...COUNTER], go + go), { stdout: counted(1, 2), stderr: '', code: 0 });
  });

  testRun("a graph of upstream's documentation runs as it is", async run => {
    equal(await run(['documented.json'], go), { stdout: counted(1), stderr: '', code: 0 });
  });

  for (const state of [[], ['--state', 'state']])
    testRun(
      `an acknowledgement comes after all messages that its line causes ${state.join(' ')}`,
      async run => {
        const lines = Array.from({ length: 300 }, (_, at) => numbered(at + 1)).join('');
        const { stdout, code } = await run(['graph.json', ...COUNTER, ...state], lines);
        let count = 0;
        for (const line of stdout
          .trimEnd()
          .split('\n')
          .map(text => JSON.parse(text))) {
          if (line.count) count = line.count.data;
          else ok(line.ack <= count, `line ${line.ack} is acknowledged after the count ${count}`);
        }
        equal([count, stdout.match(/"ack"/g)?.length, code], [300, 300, 0]);
      },
    );

  const flows = (port: string, lines: number) => `{"${port}":{"type":"Flow"}}\n`.repeat(lines);
  const testJoin = (name: string, body: (run: (stdin: string) => Promise<Finished>) => Promise<void>) =>
    testRun(name, async (run, folder) => {
      const { writeFileSync } = await import('node:fs');
      writeFileSync(`${folder}/join.json`, JSON.stringify(JOIN));
      await body(stdin => run(['join.json', ...COUNTER], stdin));
    });

  testJoin('lines for one port of a join go on while another port is full', async run => {
    const { stdout, stderr, code } = await run(flows('a', 1100) + flows('b', 1100));
    equal([stdout.split('\n').length - 1, stderr, code], [1100, '', 0]);
  });

  testJoin('a port of a join that gets too many lines before the others refuses more', async run => {
    const { stdout, stderr, code } = await run(flows('a', 10_003) + flows('b', 1));
    equal([stdout, code], [counted(1), 1]);
    match(
      stderr,
      /^plugboard: line 10002: NETWORK_OVERFLOW: the join n, .* 10,001 packets wait at > a, over /,
    );
    match(
      stderr,
      /\nplugboard: line 10003: NETWORK_OVERFLOW: .*; give each of its ports a packet in turn\n$/,
    );
  });

  testRun('a graph without outports processes all lines', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/sink.json`, JSON.stringify({ ...GRAPH, outports: {} }));
    const { stdout, code } = await run(['sink.json', ...COUNTER], numbered(1) + numbered(2));
    equal([stdout.trimEnd().split('\n').sort(), code], [['{"ack":1}', '{"ack":2}'], 0]);
  });

  testRun(
    'with --state a run goes on from the one before, and drops lines that it has processed',
    async run => {
      const args = ['graph.json', ...COUNTER, '--state', 'state'];
      const first = await run(args, numbered(1) + numbered(2));
      const second = await run(args, numbered(1) + numbered(2) + numbered(5));
      const lines = ({ stdout }: Finished) =>
        stdout
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line) as { ack?: number; count?: { data: number }; '#': number });
      const acks = (run: Finished) => lines(run).flatMap(({ ack }) => ack ?? []);
      const counts = (run: Finished) => lines(run).flatMap(({ count }) => count?.data ?? []);
      equal(
        [acks(first), counts(first)],
        [
          [1, 2],
          [1, 2],
        ],
      );
      equal([acks(second).sort(), counts(second)], [[1, 2, 5], [3]]);
      const numbers = [first, second].flatMap(run => lines(run).flatMap(line => line['#'] ?? []));
      ok(
        numbers.every((number, at) => at === 0 || number > numbers[at - 1]!),
        `${numbers} rise`,
      );
    },
  );

  /** Lines of an earlier run, some of them refused, and lines of a later one that it must refuse for their number. */
  const EARLIER: [name: string, earlier: string, last: number, later: readonly number[]][] = [
    [
      'a refused line and a number that was left out',
      `${numbered(1)}${numbered(2).replace('go', 'x')}${numbered(4).replace('Flow', 'x')}${numbered(5)}`,
      5,
      [2, 3, 4],
    ],
    ['a number below all of them', numbered(5) + numbered(6), 6, [2]],
  ];
  if (host().thorough) {
    const many = Array.from({ length: 10_001 }, (_, at) => numbered(at + 3));
    const lines = `${numbered(1)}${numbered(2).replace('go', 'x')}${many.join('')}`;
    EARLIER.push(['a line that was refused very long ago', lines, 10_003, [2]]);
  }
  for (const [name, earlier, last, later] of EARLIER)
    testRun(`with --state a later run takes only higher numbers: ${name}`, async run => {
      const args = ['graph.json', ...COUNTER, '--state', 'state'];
      await run(args, earlier);
      const { stdout, stderr, code } = await run(args, later.map(numbered).join(''));
      const error = (number: number, at: number) =>
        `plugboard: line ${at + 1}: USAGE: expected a number above ${last}, the latest of port "go" in an earlier run, got ${number}\n`;
      equal([stdout, stderr, code], ['', later.map(error).join(''), 1]);
    });

  testRun('wrong lines are told by their number, and the others are processed', async run => {
    const stdin = [
      '{',
      '[]',
      '{"x":{"type":"Flow"}}',
      '{"#":0}',
      numbered(2).trim(),
      numbered(2).trim(),
      '{"#":1.0}',
      '{"#":null}',
      '{"go":{"type":"Flow"},"go":{"type":"Flow"}}',
      '{"go":{}}',
    ].join('\n');
    const { stdout, stderr, code } = await run(['graph.json', ...COUNTER], stdin);
    is(code, 1);
    match(stdout, /"data":1\}\}/);
    for (const [line, text] of [
      [1, 'JSON_SYNTAX: '],
      [2, 'USAGE: expected an object of port → message'],
      [3, 'USAGE: expected inports of the graph, "go", got "x"'],
      [4, 'USAGE: #: expected a whole number, 1 or more, got 0'],
      [6, 'USAGE: expected a number above 2, that of the line before, got 2'],
      [7, 'USAGE: #: expected a whole number, 1 or more, got 1.0'],
      [8, 'USAGE: #: expected a whole number, 1 or more, got null'],
      [9, 'MESSAGE_SKIPPED: go: expected one message, got several; send each in a packet of its own'],
      [10, 'MESSAGE_SKIPPED: go: expected as type one of Flow, '],
    ] as const)
      ok(stderr.includes(`plugboard: line ${line}: ${text}`), stderr);
  });

  testRun('packets that cannot be processed are told, and the exit code is 1', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    const { answering } = await import('../actor/answering.ts');
    const graph = { ...GRAPH, processes: { a: { component: 'Bad' }, b: { component: 'Counter' } } };
    writeFileSync(`${folder}/bad.json`, JSON.stringify(graph));
    writeFileSync(`${folder}/bad.wasm`, answering({ process: 'no JSON', get_metadata: '{"component":"X"}' }));
    const { stdout, stderr, code } = await run(['bad.json', ...COUNTER, '--component', 'Bad=bad.wasm'], go);
    equal([stdout, code], ['', 1]);
    match(stderr, /^plugboard: node a, port increment: [A-Z_]+: /m);
  });

  const REFUSED: readonly [args: string[], stderr: RegExp, code: number][] = [
    [['graph.json'], /UNKNOWN_COMPONENT: node "a": .*\n {2}on the command line: --component NAME=FILE/, 1],
    [
      ['outside.json'],
      /UNKNOWN_COMPONENT: node "a": metadata\.plugin_path: .*\n {2}on the command line: --plugin-folder DIR allows/,
      1,
    ],
    [['graph.json', '--component', 'x'], /USAGE: --component: expected NAME=FILE, got "x"/, 2],
    [['graph.json', '--config', 'a=1'], /USAGE: --config is given, and FILE is a graph/, 2],
    [['counter.wasm', '--page'], /USAGE: --page is given, and FILE is an actor/, 2],
    [['counter.wasm', ...COUNTER], /USAGE: --component is given, and FILE is an actor/, 2],
    [['missing.json'], /FILE: missing\.json: there is no such file/, 2],
    [
      ['graph.json', ...COUNTER, '--state', 'documented.json'],
      /FILE: --state documented\.json: expected a folder, got a file/,
      2,
    ],
    [['graph.json', ...COUNTER, '--events', 'graph.json'], /USAGE: .*are the same file/, 2],
  ];
  for (const [args, stderr, code] of REFUSED)
    testRun(`plugboard run ${args.join(' ')} is refused`, async run => {
      const finished = await run(args, go);
      match(finished.stderr, stderr);
      equal([finished.stdout, finished.code], ['', code]);
    });

  testRun(
    'the call behind a dead letter is replayed offline, and events leave its recording out',
    async (run, folder) => {
      const { readFileSync, writeFileSync } = await import('node:fs');
      const { plugboard } = await import('./spawn.ts');
      writeFileSync(
        `${folder}/trap.wasm`,
        answering({ process: RESULT, get_metadata: METADATA }, { process: ['trap'] }),
      );
      const inports = { go: { nodeId: 'a', portId: 'in' } };
      const graph = { properties: { name: 'trap' }, processes: { a: { component: 'Trap' } }, inports };
      writeFileSync(`${folder}/trap.json`, JSON.stringify(graph));
      const recorded = ['--events', 'e.jsonl', '--record-on-failure', 'trap.pbrec'];
      const { code } = await run(['trap.json', '--component', 'Trap=trap.wasm', '--quiet', ...recorded], go);
      is(code, 1);
      const lines = readFileSync(`${folder}/e.jsonl`, 'utf8').trimEnd().split('\n');
      const [dead] = lines.map(line => JSON.parse(line)).filter(({ type }) => type === 'dead');
      equal([dead.code, 'recording' in dead], ['TRAP', false]);
      const { stdout } = await plugboard(folder, ['replay', 'trap.pbrec']);
      match(stdout, /process: TRAP: .*\n(?:.*\n)*the same: /);
    },
  );

  testRun(
    '--record writes the calls of each node to a file, in the order of the nodes',
    async (run, folder) => {
      const { readdirSync } = await import('node:fs');
      const { plugboard } = await import('./spawn.ts');
      const names = async (file: string) =>
        (await plugboard(folder, ['replay', file])).stdout.match(/(?<=^\d+ )\w+(?=:)/gm);
      const called = (times: number) => ['get_metadata', ...Array(times).fill('process')];
      is((await run(['documented.json', '--quiet', '--record', 'one.pbrec'], go + go)).code, 0);
      equal(await names('one.pbrec'), called(2));
      is((await run(['graph.json', ...COUNTER, '--record', 'two.pbrec'], go)).code, 0);
      equal([await names('two.pbrec'), await names('two-2.pbrec')], [called(1), called(1)]);
      equal(
        readdirSync(folder).filter(name => name.endsWith('.pbrec')),
        ['one.pbrec', 'two-2.pbrec', 'two.pbrec'],
      );
      // Recordings are replaced.
      is((await run(['graph.json', ...COUNTER, '--record', 'two.pbrec'], go)).code, 0);
    },
  );

  testRun(
    '--record replaces no file with other content, also under the names of further recordings',
    async (run, folder) => {
      const { readdirSync, readFileSync, writeFileSync } = await import('node:fs');
      const graph = JSON.stringify(GRAPH);
      writeFileSync(`${folder}/g-2.json`, graph);
      writeFileSync(`${folder}/g-x.json`, graph);
      for (const [file, record] of [
        ['g-2.json', 'g.json'],
        ['graph.json', 'g-x.json'],
      ] as const) {
        const { stdout, stderr, code } = await run([file, ...COUNTER, '--record', record], go);
        const refused = file === 'g-2.json' ? file : record;
        match(
          stderr,
          new RegExp(`^plugboard: FILE: ${refused}: expected a recording or no file, got other content`),
        );
        equal([stdout, code, readFileSync(`${folder}/${refused}`, 'utf8')], ['', 2, graph]);
      }
      ok(!readdirSync(folder).includes('g.json'));
      const { stderr } = await run(
        ['graph.json', ...COUNTER, '--with', 'g-2.json', '--events', 'g-2.json'],
        go,
      );
      match(stderr, /USAGE: g-2\.json and --events are the same file/);
    },
  );

  testRun('--events appends the events of the network', async (run, folder) => {
    const { readFileSync } = await import('node:fs');
    for (let time = 0; time < 2; time++)
      is((await run(['documented.json', '--events', 'e.jsonl'], go)).code, 0);
    const events = readFileSync(`${folder}/e.jsonl`, 'utf8').trimEnd().split('\n');
    equal(
      events.map(line => (JSON.parse(line) as { type: string }).type).filter(type => type === 'step').length,
      2,
    );
  });

  /** Starts a run that stays, and calls `act` after each part of stdout. */
  const withChild = async (
    folder: string,
    args: string[],
    act: (child: ReturnType<typeof import('./spawn.ts').start>, stdout: string, stderr: string) => void,
  ) => {
    const { start } = await import('./spawn.ts');
    const child = start(folder, ['run', ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      act(child, stdout, stderr);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      act(child, stdout, stderr);
    });
    child.stdin.write(go);
    const code = await new Promise(resolve => child.on('close', resolve));
    return { stdout, stderr, code };
  };

  testRun('SIGINT ends a run once all is processed', async (_, folder) => {
    const { stdout, code } = await withChild(folder, ['graph.json', ...COUNTER], child =>
      child.kill('SIGINT'),
    );
    equal([stdout, code], [counted(1), 0]);
  });

  testRun('a second SIGINT ends a run at once, with exit code 1', async (_, folder) => {
    const { writeFileSync } = await import('node:fs');
    const { answering } = await import('../actor/answering.ts');
    const answers = { process: '{}', get_metadata: '{"component":"X"}' };
    // Each call takes its time limit, all together 50 s.
    writeFileSync(`${folder}/counter.wasm`, answering(answers, { process: ['loop'] }));
    const { start } = await import('./spawn.ts');
    const child = start(folder, ['run', 'documented.json', '--timeout', '50']);
    child.stdin.write(go.repeat(1000));
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr === '') {
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 300);
      }
      stderr += text;
    });
    is(await new Promise(resolve => child.on('close', resolve)), 1);
    ok(stderr.split('\n').length < 500, 'most packets were dropped');
  });

  testRun('--page serves the graph until SIGINT, also after the last line', async (_, folder) => {
    let page: Promise<string> | undefined;
    const { stderr, stdout, code } = await withChild(
      folder,
      ['graph.json', ...COUNTER, '--page'],
      (child, out, err) => {
        child.stdin.end();
        const url = /http:\S+/.exec(err)?.[0];
        if (page || !url || !out) return;
        page = fetch(url)
          .then(answer => answer.text())
          .finally(() => child.kill('SIGINT'));
      },
    );
    match(await page!, /<!doctype html>/);
    match(stderr, /^plugboard: page: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/\n$/);
    equal([stdout, code], [counted(1), 0]);
  });

  testRun("--watch reloads a module of a node in Reflow's form", async (_, folder) => {
    const { writeFileSync } = await import('node:fs');
    const { answering } = await import('../actor/answering.ts');
    const module = answering({
      process: '{"outputs":{"count":{"type":"Integer","data":70}}}',
      get_metadata: '{"component":"X"}',
    });
    let isWritten = false;
    const { stdout, code } = await withChild(folder, ['documented.json', '--watch'], (child, out, err) => {
      if (!isWritten && out) {
        isWritten = true;
        writeFileSync(`${folder}/counter.wasm`, module);
      } else if (err.includes(': reloaded') && !out.includes('70')) child.stdin.end(go);
    });
    equal([stdout, code], [counted(1, 70), 0]);
  });

  const stuck = 'a command that waits for nothing ends with a message';
  const kills = 'after kill -9 at random moments counts and order are exact';
  if (!host().runtime.startsWith('node ')) {
    test.skip(kills, 'Node runs it: the runtime has no part in it');
    test.skip(stuck, 'the runtime says so itself, or waits');
    return;
  }
  test(stuck, async () => {
    const { writeFileSync } = await import('node:fs');
    const { commandPath, inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(async folder => {
      const silent = 'process.stdin[Symbol.asyncIterator] = () => ({ next: () => new Promise(() => {}) });';
      const program = `${folder}/stuck.mjs`;
      writeFileSync(program, `${silent}\nawait import(${JSON.stringify(`file://${commandPath()}`)});`);
      const counter = host().path('fixtures/rust-counter/rust_counter.wasm');
      const { stderr, code } = await plugboard(folder, ['run', counter], { program });
      match(stderr, /^plugboard: BUG: the command has not ended, and nothing is left to wait for/);
      is(code, 1);
    });
  });
  test(kills, async () => {
    const { checkKills } = await import('./kill.ts');
    await checkKills(isThorough() ? THOROUGH_KILLS : KILLS, Date.now() & 0xffff_ffff);
  });
});
