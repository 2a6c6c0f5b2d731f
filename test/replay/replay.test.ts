import {
  createRecorder,
  emitTest,
  type RecorderOptions,
  replay,
  secret,
  type Untellable,
} from '../../src/audit/node.ts';
import { AUDIT_LIMITS } from '../../src/limits.ts';
import { type CallContext, hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { MemoryFs } from '../../wasi/index.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { readJson } from '../helpers/host.ts';
import { checkSchema, type Schema } from '../helpers/json-schema.ts';
import { createPlugin, suiteInModes, suiteOnThread } from '../helpers/modes.ts';
import { traced } from '../trace/module.ts';
import { changed, RECORDED } from './example.ts';
import { EACH, FUNCTIONS, isSame, record, replayIn } from './record.ts';

suiteInModes('replay', (test, mode) => {
  test('calls of each kind of import replay to the same outcome, in one recording that fits the schema', async () => {
    const [recording] = await record(
      EACH.map(name => [name, 'key']),
      { options: { config: { key: 'value' }, vars: { before: 'x' } } },
    );
    const report = await isSame(recording!, mode);
    is(report.recorded, EACH.length + 1);
    const schema = readJson('schemas/recording-1.json') as Schema;
    equal(checkSchema(JSON.parse(recording!), schema, 'recording'), []);
  });

  test('with on-failure only a call that failed is handed out, with the start of its instance', async () => {
    const told: string[] = [];
    const onRecording = (text: string) => told.push(text);
    equal(await record([['echo', 'x']], { recorder: {} }), []);
    const recordings = await record(
      [
        ['fail', 'x'],
        ['echo', 'y'],
      ],
      { recorder: { onRecording } },
    );
    equal(recordings, told);
    const report = await isSame(recordings[0]!, mode);
    equal(
      report.calls.map(({ export: name, error }) => [name, error?.message]),
      [
        [null, undefined],
        ['fail', 'x'],
      ],
    );
  });

  test('a divergence stops at the import, and names it with its row', async () => {
    const [recording] = await record([
      ['random', ''],
      ['echo', 'later'],
    ]);
    const other = changed(recording!, { 'calls[1].entries[0]': { kind: 'now', clock: 0, ns: { i64: '1' } } });
    const { divergence, isSame, calls } = await replayIn(mode, other);
    equal([isSame, calls.length], [false, 2]);
    const { recorded, now, ...place } = divergence!;
    equal(place, {
      call: 2,
      export: 'random',
      entry: 1,
      import: 'wasi_snapshot_preview1.random_get',
      row: 'WASI.md#random_get',
    });
    equal([recorded, now], ['the time of clock 0', 'random bytes']);
  });

  test('a host function with other arguments diverges, and one with the same runs nothing of the host', async () => {
    const [recording] = await record([['shout', 'hey']]);
    await isSame(recording!, mode);
    const { divergence } = await replayIn(mode, changed(recording!, { 'calls[1].input': { text: 'hoy' } }));
    is(divergence?.import, 'host.shout');
    match(divergence!.now, /hoy/);
  });

  test('an output, an error, lines and variables that differ are told, and the replay goes on', async () => {
    const [recording] = await record([
      ['echo', 'x'],
      ['log', 'line'],
      ['vars', 'v'],
      ['fail', 'y'],
    ]);
    const report = await replayIn(
      mode,
      changed(recording!, {
        'calls[1].output': { text: 'z' },
        'calls[2].lines[0].line': 'other',
        'calls[3].varsAfter': [],
        'calls[4].error.message': 'z',
      }),
    );
    equal(
      report.differences.map(({ call, part }) => [call, part]),
      [
        [2, 'output'],
        [3, 'lines'],
        [4, 'variables'],
        [5, 'error'],
      ],
    );
    is(report.divergence, null);
  });

  test('no secret of config, a parameter or a header is in a recording', async () => {
    const planted = ['s3cr3t-config', 's3cr3t-param'];
    const recordings = await record(
      [
        ['secretly', 's3cr3t-param'],
        ['echo', 'before s3cr3t-param after'],
        ['tell', 'key'],
        ['vars', 's3cr3t-config'],
        ['fail', btoa('s3cr3t-config')],
        ['shout', 's3cr3t-config'],
      ],
      { options: { config: { key: secret('s3cr3t-config') } } },
    );
    const [text] = recordings;
    for (const word of planted) {
      ok(!text!.includes(word), word);
      ok(!text!.includes(btoa(word).replace(/=+$/, '')), `${word} in base64`);
      ok(text!.includes('*'.repeat(word.length)));
    }
    const report = await replayIn(mode, text!);
    ok(report.hidden > 0);
    is(report.divergence, null);
  });

  test('a recording can be read with each secret: settings, counts, times, handles and hashes are not masked', async () => {
    const add = (context: CallContext) => {
      context.logLevel = 'info';
      return 48;
    };
    const functions = { host: { ...FUNCTIONS.host, add } };
    const secrets = [...'0123456789', 'info', 'stdout', 'inline', 'key', '"', ' ', '1048', '64'];
    for (const word of secrets) {
      const [recording] = await record(
        EACH.map(name => [name, 'key']),
        { options: { functions, config: { key: secret(word) } }, recorder: { record: 'all', memory: true } },
      );
      is((await replayIn(mode, recording!)).divergence, null, word);
    }
  });

  test('a number that a host function gets or returns is masked if a secret is in it', async () => {
    const functions = { host: { ...FUNCTIONS.host, add: () => 31_048 } };
    const options = { functions, config: { key: secret('1048') } };
    const [recording] = await record([['add', '']], { options });
    ok(!recording!.includes('31048'));
    match(recording!, /"result":\{"f64":"0","hidden":true\}/);
    match(recording!, /"maxVarBytes":1048576/);
    is((await replayIn(mode, recording!)).divergence, null);
  });

  test('a host function that returns a list of lists fails in the replay too', async () => {
    const functions = { host: { ...FUNCTIONS.host, add: () => [[1n]] as never } };
    const [recording] = await record([['add', '']], { options: { functions } });
    const { calls } = await isSame(recording!, mode);
    is(calls[1]!.error!.code, 'HOST_FUNCTION_FAILED');
  });

  test('a failed call after others says that the instance may keep state, and forgets the facts of calls before', async () => {
    const facts = async (calls: readonly (readonly [string, string])[]) => {
      const [recording] = await record(calls, { recorder: { maxBytes: 1000 } });
      return (await isSame(recording!, mode)).untellable.map(({ code }) => code);
    };
    equal(await facts([['fail', 'x']]), []);
    equal(
      await facts([
        ['echo', 'x'.repeat(2000)],
        ['fail', 'x'],
      ]),
      ['state'],
    );
  });

  test('a call that takes more than maxBytes is not recorded, and the recording says so', async () => {
    const told: Untellable[] = [];
    const recorder: RecorderOptions = {
      record: 'all',
      maxBytes: 1000,
      onUntellable: fact => told.push(fact),
    };
    const [recording] = await record(
      [
        ['echo', 'x'],
        ['echo', 'x'.repeat(2000)],
      ],
      { recorder },
    );
    equal(
      told.map(({ code }) => code),
      ['size'],
    );
    is((await isSame(recording!, mode)).recorded, 2);
  });
});

suiteOnThread('replay on this thread', test => {
  test('files are read from the recording alone, and another build of the plugin may read them', async () => {
    const fs = new MemoryFs({ hi: 'text' });
    const [recording] = await record([['open', '']], { options: { preopens: { '/': fs } } });
    fs.root.unlink('hi');
    await isSame(recording!);
  });

  test('a response is answered from the recording, without the values of its credential headers', async () => {
    const fetch = async () =>
      new Response('body', { headers: { 'set-cookie': 'session=s3cr3t', 'x-own': 'kept' } });
    const request = JSON.stringify({
      url: 'https://user:pa55w0rd@example.com/?token=t0k3n',
      headers: { authorization: 'Bearer b34r3r' },
    });
    const options: PluginOptions = {
      fetch,
      allowedHosts: ['example.com'],
      allowHttpResponseHeaders: true,
    };
    const [recording] = await record([['http', request]], { options, withHttp: true });
    for (const word of ['pa55w0rd', 't0k3n', 'b34r3r', 's3cr3t']) ok(!recording!.includes(word), word);
    ok(recording!.includes('"kept"'));
    const report = await replay(recording!);
    is(report.divergence, null);
  });

  test('another build replays if it asks for the same, wherever it has its blocks', async () => {
    const shout = (extra: readonly string[]) =>
      buildModule({
        imports: [
          { module: 'extism:host/env', name: 'input_offset', results: ['i64'] },
          { module: 'extism:host/env', name: 'alloc', params: ['i64'], results: ['i64'] },
          { module: 'extism:host/env', name: 'length', params: ['i64'], results: ['i64'] },
          { module: 'extism:host/env', name: 'output_set', params: ['i64', 'i64'] },
          { module: 'host', name: 'shout', params: ['i64'], results: ['i64'] },
        ],
        functions: [
          {
            name: 'run',
            locals: ['i64'],
            body: [
              ...extra,
              'call input_offset',
              'call shout',
              'local.set 0',
              'local.get 0',
              'local.get 0',
              'call length',
              'call output_set',
            ],
          },
        ],
      });
    const recorder = createRecorder({ record: 'all' });
    const plugin = await createPlugin(shout([]), { functions: FUNCTIONS, record: recorder });
    await plugin.call('run', 'hey');
    await plugin.close();
    const [recording] = recorder.recordings();
    const report = await replay(recording!, { wasm: shout(['i64.const 100', 'call alloc', 'drop']) });
    equal([report.divergence, report.differences], [null, []]);
    is(new TextDecoder().decode(report.calls[1]!.output!), 'HEY');
  });

  test('a compiled module replays a recording, also one that has no bytes of it', async () => {
    const wasm = await WebAssembly.compile(traced(false));
    const calls = [
      ['random', ''],
      ['shout', 'hey'],
    ] as const;
    for (const modules of [true, false]) {
      const [recording] = await record(calls, { recorder: { record: 'all', modules } });
      const report = await replay(recording!, { wasm, verify: 'memory' });
      equal([report.divergence, report.differences, report.isSame], [null, [], true]);
    }
    const [bare] = await record(calls, { recorder: { record: 'all', modules: false } });
    await raises(() => replay(bare!), { code: 'INVALID_RECORDING', message: /pass them as the option wasm/ });
  });

  test('options of createPlugin are refused with the reason why a replay does without them', async () => {
    const rows: [option: object, reason: RegExp][] = [
      [{ functions: {} }, /host functions are answered from the recording/],
      [{ allowedHosts: ['*'] }, /HTTP is answered from the recording/],
      [{ allowedPaths: {} }, /files are answered from the recording/],
    ];
    for (const [option, message] of rows)
      await raises(() => replay(RECORDED, option), { code: 'INVALID_OPTION', message });
  });

  test('a host function that fails, changes variables or the log level does the same in a replay', async () => {
    const functions = {
      host: {
        ...FUNCTIONS.host,
        shout: hostFunction({ params: [values.text], result: values.text }, (context, text) => {
          context.setVariable('seen', text);
          context.logLevel = 'error';
          context.free(context.alloc(10));
          if (text === 'no') throw new Error('it says no');
          context.setError('soft');
          return text;
        }),
      },
    };
    const [recording] = await record(
      [
        ['shout', 'yes'],
        ['log', 'dropped'],
        ['shout', 'no'],
      ],
      { options: { functions } },
    );
    const { calls } = await isSame(recording!);
    match(calls.at(-1)!.error!.message, /it says no/);
  });

  test('getInstance, setVar during a call and an exhausted stack are said while recording', async () => {
    const told: string[] = [];
    const recorder = createRecorder({ record: 'all', onUntellable: ({ code }) => told.push(code) });
    const functions = { host: { ...FUNCTIONS.host, add: () => void plugin.setVar('a', 'b') } };
    const plugin = await createPlugin(traced(false), { functions, logger: {}, record: recorder });
    await plugin.getInstance();
    await plugin.call('add', '');
    await plugin.close();
    const endless = buildModule({ functions: [{ name: 'run', body: ['call run'] }] });
    const other = await createPlugin(endless, { record: recorder });
    await other.call('run', '').catch(() => {});
    await other.close();
    equal(told, ['get-instance', 'set-var', 'stack-overflow']);
  });

  test.row(
    ['limit.recordingBytes', 'limit.replayMs'],
    'limits of a recording and of a replay have their defaults',
    async () => {
      is(AUDIT_LIMITS.recordingBytes.default, 64 * 1024 * 1024);
      is(AUDIT_LIMITS.replayMs.default, 10_000);
      const endless = buildModule({ functions: [{ name: 'run', body: ['loop', 'br 0', 'end'] }] });
      const { calls } = await replay(RECORDED, { wasm: endless, timeoutMs: 20 });
      is(calls[1]!.error!.code, 'TIMEOUT');
    },
  );

  test('an emitted test holds the recording, and is of the chosen runner', async () => {
    const [recording] = await record([['fail', '*/ `$' + '{1}` \u2028 "']]);
    for (const [runner, line] of [
      ['node', "import test from 'node:test';"],
      ['vitest', "import { test } from 'vitest';"],
    ] as const) {
      const text = emitTest(recording!, { runner });
      ok(text.includes(line));
      const [, literal] = /^const recording = (.*);$/m.exec(text)!;
      is(JSON.parse(literal!), recording);
      ok(text.split('\n').every(line => /^($|\/\/|import|const|test\(| {2}|\}\);)/.test(line)));
    }
  });

  test.row('error.INVALID_RECORDING', 'a text that is not a recording is INVALID_RECORDING', async () => {
    await raises(() => replay('{}'), { code: 'INVALID_RECORDING' });
  });
});
