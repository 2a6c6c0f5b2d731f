import { printing, STDERR, STDOUT } from '../actor/printing.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import type { Finished } from './spawn.ts';
import { stateIn } from './state-in.ts';

const increment = '{"increment":{"type":"Flow"}}';
const decrement = '{"decrement":{"type":"Flow"}}';
const messages = [increment, increment, decrement].map(line => `${line}\n`).join('');
const counts = (...numbers: number[]) =>
  numbers.map(number => `{"count":{"type":"Integer","data":${number}}}\n`).join('');

/** Bad lines. Each stands between two good lines, which must be processed. */
const badLines: { name: string; line: string | Uint8Array; stderr: RegExp }[] = [
  { name: 'no JSON', line: '{"increment"', stderr: /^plugboard: line 2: JSON_SYNTAX: .*the line.*\n$/ },
  { name: 'no object', line: '[1]', stderr: /^plugboard: line 2: INVALID_MESSAGE: .*\n$/ },
  {
    name: 'no message',
    line: '{"increment":1}',
    stderr: /^plugboard: line 2: MESSAGE_SKIPPED: increment.*\n$/,
  },
  {
    name: 'an unknown type',
    line: '{"increment":{"type":"Flaw"}}',
    stderr: /^plugboard: line 2: MESSAGE_SKIPPED: increment.*Flaw.*\n$/,
  },
  {
    name: 'data of the wrong type',
    line: '{"increment":{"type":"Integer","data":1.5}}',
    stderr: /^plugboard: line 2: MESSAGE_DEFAULTED: increment\.data: .*\n$/,
  },
  {
    name: 'no UTF-8',
    line: Uint8Array.of(0x22, 0xff, 0x22),
    stderr: /^plugboard: line 2: INVALID_UTF8: .*\n$/,
  },
];

suite('cli run', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }
  const rustCounter = host().path('fixtures/rust-counter/rust_counter.wasm');
  const goCounter = host().path('fixtures/go-counter/go_counter.wasm');
  const keeper = host().path('fixtures/rust-keeper/rust_keeper.wasm');

  type Run = (args: string[], stdin?: string | Uint8Array, env?: Record<string, string>) => Promise<Finished>;
  const withRun = async (body: (run: Run, folder: string) => Promise<void>) => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(folder =>
      body((args, stdin = '', env = {}) => plugboard(folder, ['run', ...args], { stdin, env }), folder),
    );
  };
  const testRun = (name: string, body: (run: Run, folder: string) => Promise<void>) =>
    test(name, () => withRun(body));

  testRun('prints a packet for each message', async run => {
    equal(await run([rustCounter], messages), { stdout: counts(1, 2, 1), stderr: '', code: 0 });
  });

  testRun(
    'cat messages.jsonl | plugboard run counter.wasm --state s.json, twice, continues',
    async (run, folder) => {
      const { existsSync, readdirSync, readFileSync } = await import('node:fs');
      is(existsSync(`${folder}/s.json`), false);
      equal(await run([rustCounter, '--state', 's.json'], messages), {
        stdout: counts(1, 2, 1),
        stderr: '',
        code: 0,
      });
      is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"count":1}');
      equal(await run([rustCounter, '--state', 's.json'], messages), {
        stdout: counts(2, 3, 2),
        stderr: '',
        code: 0,
      });
      is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"count":2}');
      equal(readdirSync(folder), ['s.json']);
    },
  );

  testRun('prints packets that are sent during a call before its result', async run => {
    const { stdout, stderr, code } = await run(
      [goCounter],
      '{"operation":{"type":"String","data":"increment"}}',
    );
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown);
    equal(lines, [
      { count: { type: 'Integer', data: 1 }, status: { type: 'String', data: 'Processing complete' } },
      { operation: { type: 'String', data: 'increment' }, value: { type: 'Integer', data: 1 } },
    ]);
    equal({ stderr, code }, { stderr: '', code: 0 });
  });

  testRun('takes config as JSON and as members; the last value of a key wins', async run => {
    const config = [
      '--config',
      '{"initial_value":5}',
      '--config',
      'initial_value=10',
      '--config',
      'other=text',
    ];
    equal(await run([rustCounter, ...config], increment), { stdout: counts(11), stderr: '', code: 0 });
  });

  testRun('puts stubs in place of host functions', async run => {
    const { stdout, code } = await run(
      [goCounter, '--stub', 'extism:host/user.__get_state= 41'],
      '{"operation":{"type":"String","data":"increment"}}',
    );
    match(stdout, /^\{"count":\{"type":"Integer","data":42\}/);
    is(code, 0);
  });

  testRun('takes a config value that is not JSON as text', async run => {
    const ask = '{"do:config":{"type":"String","data":"greeting"}}';
    const { stdout } = await run([keeper, '--config', 'greeting=good day'], ask);
    match(stdout, /"good day"/);
  });

  testRun('keeps numbers unchanged in the state and in messages', async (run, folder) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/s.json`, '{"big":9007199254740993,"float":1.0,"int":1}');
    const message = '{"in":{"type":"Any","data":[9007199254740993,1.0,1]}}\n';
    for (const more of [['--adopt'], []]) {
      const result = await run([keeper, '--state', 's.json', ...more], message);
      equal(result, { stdout: message, stderr: '', code: 0 });
      is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"big":9007199254740993,"float":1.0,"int":1}');
    }
  });

  testRun('skips blank lines, but counts them', async run => {
    const { stdout, stderr, code } = await run([rustCounter], `\n${increment}\r\n \t\n\nx\n${increment}`);
    is(stdout, counts(1, 2));
    match(stderr, /^plugboard: line 5: JSON_SYNTAX: .*\n$/);
    is(code, 1);
  });

  testRun('accepts an empty stdin', async run => {
    equal(await run([rustCounter]), { stdout: '', stderr: '', code: 0 });
  });

  for (const { name, line, stderr } of badLines) {
    testRun(`prints the error of ${name} with its line, and goes on`, async run => {
      const good = new TextEncoder().encode(`${increment}\n`);
      const bad = typeof line === 'string' ? new TextEncoder().encode(line) : line;
      const result = await run([rustCounter], Uint8Array.from([...good, ...bad, 0x0a, ...good]));
      is(result.stdout, counts(1, 2));
      match(result.stderr, stderr);
      is(result.code, 1);
    });
  }

  testRun('prints the packets and the error of a call that fails, and goes on', async run => {
    const lines = [
      '{"do:send":{"type":"Array","data":[{"step":1}]},"do:fail":{"type":"String","data":"no bread"}}',
      '{"in":{"type":"Flow"}}',
    ];
    const { stdout, stderr, code } = await run([keeper], lines.join('\n'));
    is(stdout, '{"step":{"type":"Integer","data":1}}\n{"in":{"type":"Flow","data":null}}\n');
    match(stderr, /^plugboard: line 1: PLUGIN_ERROR: .*no bread.*\n$/);
    is(code, 1);
  });

  testRun('runs the actor of a node, with allowed variables only', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    const node = {
      id: 'n1',
      component: 'Keeper',
      metadata: { env_vars: { GREETING: 'required', SECRET: 'optional:none' } },
    };
    writeFileSync(`${folder}/node.json`, JSON.stringify(node));
    const ask = (key: string) => `{"do:config":{"type":"String","data":"${key}"}}`;
    const env = { GREETING: 'hello', SECRET: 's3cret' };
    const args = [keeper, '--node', 'node.json', '--allow-env', 'GREETING'];
    const { stdout, stderr, code } = await run(args, `${ask('GREETING')}\n${ask('SECRET')}`, env);
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).config.data.env as unknown);
    equal([answers, stderr, code], [['hello', 'none'], '', 0]);

    const missing = await run([keeper, '--node', 'node.json'], ask('GREETING'), env);
    match(missing.stderr, /ENV_MISSING: Missing required environment variable: GREETING\n$/);
    const both = await run([...args, '--config', 'a=1']);
    match(both.stderr, /USAGE: both --node and --config are given/);
    is(both.code, 2);
    match(
      (await run([keeper, '--node', 'missing.json'])).stderr,
      /FILE: missing.json: there is no such file/,
    );
  });

  testRun('prints lines of the stderr of a plugin with the name of its node', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/node.json`, '{"id":"printer","component":"C"}');
    const source = host().path('fixtures/go-pdk/go_pdk.wasm');
    const { stderr } = await run([source, '--node', 'node.json', '--entry-point', 'crash'], '{}');
    match(stderr, /^printer: panic: /m);
  });

  testRun('prints both streams of a plugin on stderr, after the name of the actor', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      `${folder}/p.wasm`,
      printing({
        process: {
          prints: [
            [STDOUT, 'o\x1bne\n'],
            [STDERR, 'two\n'],
          ],
        },
      }),
    );
    const env = { EXTISM_ENABLE_WASI_OUTPUT: '1' };
    const { stdout, stderr } = await run(['p.wasm'], '{}', env);
    is(stdout, '');
    match(
      stderr,
      /^plugboard: warning: NO_METADATA: .*\nactor: o\\u001bne\nactor: two\nplugboard: line 1: INVALID_RESULT: .*\n$/,
    );
    match((await run(['p.wasm', '--quiet'], '{}', env)).stderr, /^plugboard: line 1: INVALID_RESULT: .*\n$/);
  });

  testRun('appends events to a file, as lines of JSON', async (run, folder) => {
    const { readFileSync } = await import('node:fs');
    for (let time = 0; time < 2; time++) await run([rustCounter, '--events', 'e.jsonl'], increment);
    const types = readFileSync(`${folder}/e.jsonl`, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => {
        const { type, phase = '' } = JSON.parse(line) as { type: string; phase?: string };
        return phase || type;
      });
    const once = [
      ...['loading', 'validation', 'initialization', 'active'],
      ...['started', 'state-changed', 'packet', 'completed', 'cleanup', 'stopped'],
    ];
    equal(types, [...once, ...once]);
    match((await run([rustCounter, '--events', 'no/e.jsonl'])).stderr, /^plugboard: FILE: no\/e.jsonl: /);
  });

  testRun('obeys --error-policy stop and --state-policy transactional', async (run, folder) => {
    const { readFileSync } = await import('node:fs');
    const lines = [
      '{"do:set":{"type":"Object","data":{"a":1}}}',
      '{"do:set":{"type":"Object","data":{"b":2}},"do:fail":{"type":"String","data":"no bread"}}',
      '{"in":{"type":"Flow"}}',
    ].join('\n');
    const stopped = await run([keeper, '--error-policy', 'stop'], lines);
    equal([stopped.stdout, stopped.code], ['', 1]);
    match(stopped.stderr, /^plugboard: line 2: PLUGIN_ERROR: .*no bread.*\n$/);
    await run([keeper, '--state-policy', 'transactional', '--state', 's.json'], lines);
    is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"a":1}');
    match(
      (await run([keeper, '--error-policy', 'ignore'])).stderr,
      /INVALID_CONFIG: option\.errorPolicy: expected one of continue, stop, restart, got a string/,
    );
  });

  testRun('names an entry point that is missing', async run => {
    const { stdout, stderr, code } = await run([rustCounter, '--entry-point', 'bake'], increment);
    is(stdout, '');
    match(stderr, /FUNCTION_NOT_FOUND: Function not found: bake/);
    is(code, 1);
  });

  testRun('logs calls of the host with RUST_LOG=reflow_script=debug', async run => {
    const { stderr } = await run([rustCounter], increment, { RUST_LOG: 'reflow_script=debug' });
    match(stderr, /^(plugboard: debug: .*\n)+$/);
  });

  test('a killed run leaves a whole state, with at least the changes of all printed packets', async () => {
    const { inFolder, start } = await import('./spawn.ts');
    const { readFileSync } = await import('node:fs');
    await inFolder(async folder => {
      const child = start(folder, ['run', rustCounter, '--state', 's.json']);
      const ended = new Promise(resolve => child.on('close', resolve));
      child.stdin.on('error', () => {});
      child.stdin.write(`${increment}\n`.repeat(2000));
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.length > 1000) child.kill('SIGKILL');
      });
      await ended;
      const printed = output.split('\n').length - 1;
      const { count } = JSON.parse(stateIn(readFileSync(`${folder}/s.json`, 'utf8'))) as { count: number };
      ok(printed < 2000, 'it was killed on the way');
      ok(count >= printed, `state ${count}, printed ${printed}`);
    });
  });

  test('ends without an error when the reader of its output has closed the pipe', async () => {
    const { inFolder, start } = await import('./spawn.ts');
    await inFolder(async folder => {
      const child = start(folder, ['run', rustCounter]);
      const ended = new Promise<number | null>(resolve => child.on('close', resolve));
      let stderr = '';
      child.stderr.on('data', chunk => {
        stderr += String(chunk);
      });
      child.stdin.on('error', () => {});
      child.stdout.once('data', () => child.stdout.destroy());
      // Stdin stays open: the program must end although more may come.
      const feed = setInterval(() => child.stdin.write(`${increment}\n`), 5);
      const code = await ended;
      clearInterval(feed);
      equal({ stderr, code }, { stderr: '', code: 0 });
    });
  });

  test('waits for a reader that is slow, and loses nothing', async () => {
    const { inFolder, start } = await import('./spawn.ts');
    await inFolder(async folder => {
      const child = start(folder, ['run', rustCounter]);
      const total = 5000;
      child.stdin.end(`${increment}\n`.repeat(total));
      await new Promise(resolve => setTimeout(resolve, 300));
      let output = '';
      for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
      is(output, counts(...Array.from({ length: total }, (_, index) => index + 1)));
    });
  });
});
