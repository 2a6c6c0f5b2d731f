import { readLockFile } from '../../src/audit/lock-file.ts';
import { readPolicyFile } from '../../src/audit/policy-file.ts';
import { AUDIT_LIMITS } from '../../src/limits.ts';
import type { Answer } from '../../src/page/plugin/answers.ts';
import { readHex, showHex } from '../../src/page/plugin/hex.ts';
import { lockTexts } from '../../src/page/plugin/lock.ts';
import {
  blocksTable,
  exportsTable,
  findingsTable,
  importsTable,
  powersTable,
  requestsTable,
  type Table,
  traceTable,
  usedTable,
} from '../../src/page/plugin/rows.ts';
import { type CallResult, readModule, Session } from '../../src/page/plugin/session.ts';
import { optionsOf, readConfig, type Settings } from '../../src/page/plugin/settings.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

const SETTINGS: Settings = {
  answers: new Map(),
  config: '',
  hosts: '',
  status: '200',
  body: '',
  timeoutMs: '',
  fuel: '',
  memoryPages: '',
  values: 'all',
};
const EVIL = '<img src=x onerror=alert(1)>';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
const cells = ({ rows }: Table) => rows.map(row => row.cells.join(' | '));
const fixture = (path: string) => new Uint8Array(host().readBytes(`fixtures/${path}`));
const vowels = () => readModule('vowels.wasm', fixture('vowels/vowels.wasm'));

/** Calls one export of a new session, and ends its plugin. */
async function callOnce(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  input = '',
  settings: Partial<Settings> = {},
): Promise<CallResult> {
  const session = new Session(await readModule('a.wasm', bytes));
  const result = await session.call(name, bytesOf(input), { ...SETTINGS, ...settings });
  await session.close();
  return result;
}

suite('page of a plugin: input', test => {
  for (const [text, expected] of [
    ['', []],
    ['00ff', [0, 255]],
    [' 0x00, FF\n7f:80 ', [0, 255, 127, 128]],
    ['0x0x', null],
    ['0', null],
    ['00 0g', null],
    ['é0', null],
  ] as const)
    test(`${JSON.stringify(text)} as hexadecimal digits is ${expected ? 'bytes' : 'refused'}`, async () => {
      if (expected) equal([...readHex(text)], expected);
      else await raises(() => readHex(text), { code: 'INVALID_INPUT', message: 'pairs of hexadecimal' });
    });

  test('a wrong digit is named with its place', async () => {
    await raises(() => readHex('00 0g'), { code: 'INVALID_INPUT', message: 'got "0g" at character 4' });
  });

  test('bytes are shown with offsets and characters, and the rest is counted', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, index) => index + 60);
    equal(showHex(bytes, 20).split('\n'), [
      '00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK',
      `00000010  4c 4d 4e 4f ${' '.repeat(35)}  LMNO`,
      '… and 20 bytes more',
    ]);
    is(showHex(new Uint8Array(), 20), '');
  });
});

suite('page of a plugin: settings', test => {
  for (const [name, text, expected] of [
    ['a line', 'a=b', { a: 'b' }],
    ['empty lines and line ends of Windows', '\r\na = b=c\r\n\r\n', { a: ' b=c' }],
    ['an empty value', 'a=', { a: '' }],
    ['a name of Object', '__proto__=1', Object.fromEntries([['__proto__', '1']])],
    ['a line without a sign', 'a=b\nc', 'the config, line 2: expected key=value, got "c"'],
    ['a line without a key', '=b', 'the config, line 1: expected key=value'],
    ['a key twice', 'a=1\na=2', 'the config, line 2: the key "a" stands above too'],
  ] as const)
    test(`the config may have ${name}, or is refused with its line`, async () => {
      if (typeof expected !== 'string') equal(readConfig(text), expected);
      else await raises(() => readConfig(text), { code: 'INVALID_OPTION', message: expected });
    });

  for (const [field, text, message] of [
    ['timeoutMs', '-1', 'the time: expected a whole number of ms above 0'],
    ['fuel', 'much', 'the fuel: expected a whole number of units above 0'],
    ['memoryPages', '1.5', 'the memory: expected a whole number of pages above 0'],
  ] as const)
    test(`${field} ${text} is refused`, async () => {
      await raises(() => optionsOf({ ...SETTINGS, [field]: text }, []), { code: 'INVALID_OPTION', message });
    });

  test('a status counts only where a host is allowed', async () => {
    const status = { ...SETTINGS, status: '99' };
    equal(optionsOf(status, []).allowedHosts, []);
    await raises(() => optionsOf({ ...status, hosts: 'a.test' }, []), {
      code: 'INVALID_OPTION',
      message: 'the status: expected a number from 200 to 599',
    });
  });

  test('requests get the answer of the settings, and nothing is sent', async () => {
    const { fetch, allowedHosts } = optionsOf(
      { ...SETTINGS, hosts: ' a.test,*.b.test\n', status: '404', body: 'text' },
      [],
    );
    equal(allowedHosts, ['a.test', '*.b.test']);
    const response = await fetch!('http://a.test/');
    equal([response.status, await response.text()], [404, 'text']);
    const empty = await optionsOf({ ...SETTINGS, hosts: 'a', status: '204', body: 'x' }, []).fetch!(
      'http://a/',
    );
    equal([empty.status, await empty.text()], [204, '']);
  });
});

suite('page of a plugin: calls', test => {
  test('an export gets its input and the config, and its output comes back', async () => {
    const session = new Session(await vowels());
    const settings = { ...SETTINGS, config: 'vowels=o' };
    const first = await session.call('count_vowels', bytesOf('Hello, World!'), settings);
    is(textOf(first.output), '{"count": 2, "total": 2, "vowels": "o"}');
    equal([first.error, first.plugin, first.call], [null, 1, 1]);
    const second = await session.call('count_vowels', bytesOf('o'), settings);
    is(textOf(second.output), '{"count": 1, "total": 3, "vowels": "o"}');
    equal([second.plugin, second.call], [1, 2]);
    // A trace of one call, and its first event still describes it.
    equal([second.events[0]!.type, second.events.filter(({ type }) => type === 'call').length], ['trace', 1]);
    const third = await session.call('count_vowels', bytesOf('a'), SETTINGS);
    is(textOf(third.output), '{"count": 1, "total": 1, "vowels": "aeiouAEIOU"}');
    equal([third.plugin, third.call], [2, 1]);
    await session.close();
    const fourth = await session.call('count_vowels', bytesOf('a'), SETTINGS);
    equal([fourth.plugin, fourth.call, textOf(fourth.output)], [3, 1, textOf(third.output)]);
    await session.close();
  });

  test('a call that fails has its error, its log and its trace', async () => {
    const { error, output, lines, events } = await callOnce(
      fixture('vowels/vowels.wasm'),
      'fail',
      'a reason',
    );
    equal(error, { code: 'PLUGIN_ERROR', message: 'a reason' });
    equal([output, lines], [null, [{ from: 'warn', text: 'a reason' }]]);
    is(events.at(-1)!.type, 'return');
  });

  test('a trap is an error, and the next call works again', async () => {
    const session = new Session(await readModule('faults.wasm', fixture('faults/faults.wasm')));
    is((await session.call('trap', bytesOf(''), SETTINGS)).error?.code, 'TRAP');
    is((await session.call('trap_after_output', bytesOf(''), SETTINGS)).output?.length, 5);
    equal(textOf((await session.call('count', bytesOf(''), SETTINGS)).output), '1');
    await session.close();
  });

  test('a loop ends by the limit of fuel', async () => {
    const loop = buildModule({ functions: [{ name: 'run', body: ['loop', 'br 0', 'end'] }] });
    is((await callOnce(loop, 'run', '', { fuel: '10000' })).error?.code, 'FUEL_EXHAUSTED');
  });

  test('settings that are wrong are the error of the call', async () => {
    const { error, events } = await callOnce(fixture('vowels/vowels.wasm'), 'fail', '', { config: 'x' });
    is(error?.code, 'INVALID_OPTION');
    equal(events, []);
  });

  test('lines beyond the first 1,000, and events beyond the first 10,000, are left out', async () => {
    const log = { module: 'extism:host/env', name: 'log_warn', params: ['i64'] } as const;
    const many = (times: number) => [
      'loop',
      'i64.const 0',
      'call 0',
      'local.get 0',
      'i32.const 1',
      'i32.add',
      'local.tee 0',
      `i32.const ${times}`,
      'i32.lt_u',
      'br_if 0',
      'end',
    ];
    const module = buildModule({
      imports: [log],
      functions: [{ name: 'run', body: many(11_000), locals: ['i32'] }],
    });
    const { lines, events, error } = await callOnce(module, 'run');
    is(error, null);
    equal([lines.length, lines.at(-1)!.from], [1001, 'page']);
    equal([events.length, events.at(-1)!.type], [AUDIT_LIMITS.pageEvents.default, 'cut']);
    const { caption, rows } = traceTable(events);
    match(caption, /later ones are left out; 9,\d{3} more rows not shown$/);
    is(rows.length, 500);
  });

  const SHOUT = JSON.stringify(['extism:host/user', 'shout']);
  for (const [answer, expected] of [
    [undefined, ''],
    [{ kind: 'text', value: 'a text' }, 'a text'],
    [{ kind: 'echo', value: '' }, 'an input'],
    [{ kind: 'number', value: '0' }, ''],
  ] as [Answer | undefined, string][])
    test(`a host function that answers with ${answer?.kind ?? 'nothing'} reaches the plugin`, async () => {
      const answers = new Map(answer ? [[SHOUT, answer]] : []);
      const { output, error } = await callOnce(fixture('rust-pdk/rust_pdk.wasm'), 'call_host', 'an input', {
        answers,
      });
      equal([error, textOf(output)], [null, expected]);
    });

  test('the answers that are offered fit the type of the import', async () => {
    const of = (
      name: string,
      params: readonly 'i64'[] | readonly 'i32'[],
      results: readonly ('i64' | 'i32' | 'f64')[],
    ) => ({
      module: 'app',
      name,
      params,
      results,
    });
    const imports = [
      of('a', ['i64'], ['i64']),
      of('b', ['i32'], ['i64']),
      of('c', ['i32'], ['i32']),
      of('d', ['i64'], ['f64']),
      of('e', ['i64'], []),
      of('f', ['i64'], ['i32', 'i32']),
      of('a', ['i64'], ['i64']),
      { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] } as const,
    ];
    const { missing } = await readModule('a.wasm', buildModule({ imports }));
    equal(
      missing.map(({ name, kinds }) => [name, kinds.join(' ')]),
      [
        ['a', 'zero number text echo'],
        ['b', 'zero number text'],
        ['c', 'zero number echo'],
        ['d', 'zero number'],
        ['e', 'zero'],
        ['f', 'zero'],
      ],
    );
  });

  test('an answer that is not a number is refused with the name of the function', async () => {
    const { missing } = await readModule('a.wasm', fixture('rust-pdk/rust_pdk.wasm'));
    const answers = new Map([[SHOUT, { kind: 'number', value: 'x' } as const]]);
    await raises(() => optionsOf({ ...SETTINGS, answers }, missing), {
      code: 'INVALID_OPTION',
      message: 'the answer of extism:host/user shout: expected a number',
    });
  });

  test('a request that no host allows is refused, and shown', async () => {
    const { error, events } = await callOnce(fixture('rust-http/rust_http.wasm'), 'get', 'http://a.test/x');
    is(error?.code, 'HTTP_NOT_ENABLED');
    const { rows } = requestsTable(events);
    is(rows.length, 1);
    match(rows[0]!.cells[0]!, /http:\/\/a\.test\/x/);
    match(rows[0]!.cells[2]!, /refused by allowedHosts/);
    is(usedTable(events).rows[0]!.level, 'error');
  });

  const answered = 'a request to an allowed host gets the answer of the page';
  if (!('Suspending' in WebAssembly)) {
    test.skip(answered, 'this engine cannot suspend a plugin, and the page starts no worker');
  } else
    test(answered, async () => {
      const settings = { hosts: 'a.test', body: 'from the page' };
      const bytes = fixture('rust-http/rust_http.wasm');
      const { output, events } = await callOnce(bytes, 'get', 'http://a.test/x', settings);
      is(textOf(output), 'from the page');
      is(requestsTable(events).rows[0]!.level, undefined);
    });
});

suite('page of a plugin: tables', test => {
  test('the tables of a module have its powers, imports, exports and findings', async () => {
    const { report } = await vowels();
    is(
      cells(powersTable(report))[0],
      'config | reads config values by name | config, one entry for each key; empty by default',
    );
    is(cells(importsTable(report))[0], 'extism:host/env | alloc | (i64) -> (i64) | kernel');
    match(
      cells(exportsTable(report)).join('\n'),
      /^fail \| \(\) -> \(i32\) \| .*error_set.*; excludes \d+$/m,
    );
    match(cells(findingsTable(report, []))[0]!, /^memory-maximum \| note \| the module \| /);
  });

  test('the tables of a call have its trace, powers, blocks and findings', async () => {
    const { report } = await vowels();
    const { events } = await callOnce(fixture('vowels/vowels.wasm'), 'count_vowels', 'ab', {
      config: 'vowels=a',
    });
    const [first, second] = cells(traceTable(events)).map(line => line.replace(/ \| [^|]*$/, ''));
    is(first, 'count_vowels | extism:host/env.alloc | length=6 | = 80 [6 bytes]');
    is(second, 'count_vowels | extism:host/env.store_u8 × 6 | address=80, value=word | ');
    equal(
      cells(usedTable(events)).map(line => line.split(' | ')[0]),
      ['config', 'variables', 'memory'],
    );
    const blocks = blocksTable(events);
    is(blocks.caption, 'Blocks left: 6, 60 bytes');
    equal(cells(blocks).at(-1), '160 | 39 | alloc | the output');
    is(findingsTable(report, events).rows.length, report.findings.length);
  });

  test('a mistake in a call is a finding beside those of the module', async () => {
    const env = (name: string, results: readonly 'i64'[]) =>
      ({ module: 'extism:host/env', name, params: ['i64'], results }) as const;
    const bytes = buildModule({
      imports: [env('alloc', ['i64']), env('free', [])],
      functions: [
        {
          name: 'run',
          body: ['i64.const 8', 'call 0', 'local.tee 0', 'call 1', 'local.get 0', 'call 1'],
          locals: ['i64'],
        },
      ],
    });
    const { report } = await readModule('a.wasm', bytes);
    const { events } = await callOnce(bytes, 'run');
    const found = findingsTable(report, events).rows.find(({ cells: [rule] }) => rule === 'double-free');
    equal([found?.level, found?.cells[2]], ['error', 'the call']);
    is(blocksTable(events).caption, 'Blocks left: 0, 0 bytes');
  });

  test('blocks of host functions are not known to be all', async () => {
    const { events } = await callOnce(fixture('rust-pdk/rust_pdk.wasm'), 'call_host', 'x');
    match(blocksTable(events).caption, /, and perhaps blocks that a host function made$/);
  });

  test('host functions and imports that nothing provides are named', async () => {
    const functions = [{ module: 'app', name: 'f', params: ['i64'] } as const];
    const imports = [...functions, { module: 'app', name: 'm', kind: 'memory', pages: 1 } as const];
    const { report } = await readModule('a.wasm', buildModule({ imports }));
    ok(cells(powersTable(report))[0]!.startsWith('app f (i64) -> () | calls a function of the host'));
    equal(
      importsTable(report).rows.map(({ cells: [, name, , from], level }) => [name, from, level]),
      [
        ['f', 'host', undefined],
        ['m', 'unknown', 'error'],
      ],
    );
  });

  test('hostile names stay texts of cells', async () => {
    const bytes = buildModule({
      imports: [{ module: EVIL, name: EVIL }],
      functions: [{ name: EVIL, body: ['call 0'] }],
    });
    const { report, missing } = await readModule(EVIL, bytes);
    equal(
      missing.map(({ namespace, name }) => [namespace, name]),
      [[EVIL, EVIL]],
    );
    const { error, events } = await callOnce(bytes, EVIL);
    is(error, null);
    ok(cells(traceTable(events))[0]!.startsWith(`${EVIL} | ${EVIL}.${EVIL}`));
    ok(cells(exportsTable(report))[0]!.startsWith(`${EVIL} | `));
  });

  test('a name of a million characters is cut', async () => {
    const name = 'n'.repeat(1_000_000);
    const { report } = await readModule('a.wasm', buildModule({ functions: [{ name, body: [] }] }));
    const [cell] = exportsTable(report).rows[0]!.cells;
    is(cell, `${'n'.repeat(1000)}… (1000000 characters)`);
  });

  test('bytes that are not a module have a report, and no lock', async () => {
    const { report } = await readModule('a.txt', bytesOf('a text'));
    is(report.modules[0]!.valid, false);
    is(lockTexts('a.txt', report, 'why', 0), null);
    const { error } = await callOnce(bytesOf('a text'), 'run');
    is(error?.code, 'INVALID_WASM');
  });

  test('the lock is the file of plugboard lock, and the policy needs a reason', async () => {
    const { name, report } = await vowels();
    const without = lockTexts(name, report, ' ', 0)!;
    is(without.policy, '');
    const { lock, policy } = lockTexts(name, report, ' read by me ', 0)!;
    is(lock, without.lock);
    const [plugin] = readLockFile(lock).plugins;
    equal([plugin!.name, plugin!.modules[0]!.sha256], [name, report.modules[0]!.sha256]);
    const grants = readPolicyFile(policy, 'policy').data.plugins[0]!.grants;
    is(grants.length, 1 + report.capabilities.length);
    ok(grants.every(({ reason }) => reason === 'read by me'));
  });
});
