import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import type { Finished } from './spawn.ts';

interface Case {
  name: string;
  args: string[];
  stdin?: string;
  env?: Record<string, string>;
  stdout?: string;
  /** Default: nothing. */
  stderr?: string | RegExp;
  code?: number;
}

/** Exports of fixtures/go-pdk. */
const cases: Case[] = [
  { name: 'prints the output and a line end', args: ['echo', '--input', 'Ada'], stdout: 'Ada\n' },
  { name: 'takes -i for --input', args: ['echo', '-i', 'Ada'], stdout: 'Ada\n' },
  { name: 'passes no input without --input and --stdin', args: ['echo'], stdin: 'left alone', stdout: '\n' },
  {
    name: 'reads the input from stdin',
    args: ['echo', '--stdin'],
    stdin: 'from\nstdin\n',
    stdout: 'from\nstdin\n\n',
  },
  {
    name: 'gives the plugin its config, with the text before the first equals sign as the key',
    args: ['config', '-i', 'mode', '--config', 'mode=a=b', '--config', 'other=c'],
    stdout: 'true:a=b\n',
  },
  {
    name: 'shows logs at the level and above',
    args: ['log_all', '-i', 'x', '--log-level', 'warn'],
    stdout: '\n',
    stderr: 'warn: warn x\nerror: error x\n',
  },
  ...[
    { flags: [], levels: ['error'] },
    { flags: ['-v'], levels: ['warn', 'error'] },
    { flags: ['-vv'], levels: ['info', 'warn', 'error'] },
    { flags: ['-v', '--verbose', '-v'], levels: ['debug', 'info', 'warn', 'error'] },
    { flags: ['--log-level', 'silent'], levels: [] },
    { flags: ['-q'], levels: [] },
    { flags: ['--quiet'], levels: [] },
  ].map(({ flags, levels }) => ({
    name: `shows with ${flags.join(' ') || 'no option'} the logs ${levels.join(', ') || 'of no level'}`,
    args: ['log_all', '-i', 'x', ...flags],
    stdout: '\n',
    stderr: levels.map(level => `${level}: ${level} x\n`).join(''),
  })),
  { name: 'shows with -q no lines of the plugin', args: ['print', '-i', 'x', '-q'], stdout: '\n' },
  {
    name: 'shows with -q the error that ends the call',
    args: ['fail', '-i', 'no bread', '-q'],
    stderr: 'plugboard: PLUGIN_ERROR: no bread\n',
    code: 7,
  },
  {
    name: 'shows lines that the plugin prints on stderr',
    args: ['print', '-i', 'x'],
    stdout: '\n',
    stderr: 'stdout: out x\nstderr: err x\n',
  },
  {
    name: 'prints with --wasi the stdout of the plugin, before the output',
    args: ['print', '-i', 'x', '--wasi'],
    stdout: 'out x\n\n',
    stderr: 'stderr: err x\n',
  },
  {
    name: 'calls N times with --loop N, with the same input and the same plugin',
    args: ['remember', '--stdin', '--loop', '3'],
    stdin: 'Ada',
    stdout: '\nAda\nAda\n',
  },
  { name: 'does not call with --loop 0', args: ['fail', '--loop', '0'] },
  {
    name: 'fails with --loop when a call fails, and makes no further call',
    args: ['exit', '-i', '3', '--loop', '2', '--wasi'],
    stderr: /^plugboard: EXIT: .*proc_exit\(3\)\n$/,
    code: 3,
  },
  {
    name: 'gives the plugin its config as JSON too',
    args: ['config', '-i', 'mode', '--set-config', '{"mode": "\u00e4"}'],
    stdout: 'true:ä\n',
  },
  {
    name: 'prefers --config to --set-config',
    args: ['config', '-i', 'mode', '--config', 'mode=a', '--set-config', '{"mode": "b"}'],
    stdout: 'true:a\n',
  },
  {
    name: 'limits the variables',
    args: ['remember', '-i', '12345', '--var-max', '8'],
    stderr: /plugboard: VAR_LIMIT: .*\n$/,
    code: 1,
  },
  {
    name: 'allows exactly the bytes of --var-max',
    args: ['remember', '-i', '12345', '--var-max', '9'],
    stdout: '\n',
  },
  {
    name: "prints the plugin's error, and exits with its code",
    args: ['fail', '-i', 'no bread'],
    stderr: 'plugboard: PLUGIN_ERROR: no bread\n',
    code: 7,
  },
  {
    name: 'leaves no escape sequence, and no character that reverses text, for the terminal to obey',
    args: ['fail', '--stdin'],
    stdin: '\u001b[2J\u009b1m\tgone\u202e\u2066\u{e0001}\nnext',
    stderr: 'plugboard: PLUGIN_ERROR: \\u001b[2J\\u009b1m\tgone\\u202e\\u2066\\udb40\\udc01\n  next\n',
    code: 7,
  },
  {
    name: 'exits with the code given to proc_exit',
    args: ['exit', '-i', '3'],
    stderr: /^plugboard: EXIT: .*proc_exit\(3\)\n$/,
    code: 3,
  },
  {
    name: 'succeeds when the plugin exits with success',
    args: ['exit', '-i', '0'],
    stdout: 'before the exit\n',
  },
  {
    name: 'exits with 1 when the code is over 255',
    args: ['exit', '-i', '256'],
    stderr: /^plugboard: EXIT: .*proc_exit\(256\)\n$/,
    code: 1,
  },
  {
    name: 'prints the reason of a trap',
    args: ['crash', '-i', 'ouch'],
    stderr: /ouch[\s\S]*plugboard: TRAP: /,
    code: 1,
  },
  {
    name: 'lists the exports of the plugin when the function is not found',
    args: ['bake'],
    stderr: /^plugboard: FUNCTION_NOT_FOUND: Function not found: bake .*echo.*\n$/,
    code: 1,
  },
  {
    name: 'logs calls of the host with PLUGBOARD_LOG=debug',
    args: ['echo', '-i', 'Ada'],
    env: { PLUGBOARD_LOG: 'debug' },
    stdout: 'Ada\n',
    stderr: /^(plugboard: debug: .*\n)+$/,
  },
  {
    name: 'logs the same with RUST_LOG=warn,reflow_script=debug',
    args: ['echo', '-i', 'Ada'],
    env: { RUST_LOG: 'warn,reflow_script=debug' },
    stdout: 'Ada\n',
    stderr: /^(plugboard: debug: .*\n)+$/,
  },
  {
    name: 'logs nothing with RUST_LOG for other targets',
    args: ['echo', '-i', 'Ada'],
    env: { RUST_LOG: 'info,wasmtime=debug' },
    stdout: 'Ada\n',
  },
  {
    name: 'logs nothing with PLUGBOARD_LOG=off, although RUST_LOG is debug',
    args: ['echo', '-i', 'Ada'],
    env: { PLUGBOARD_LOG: 'off', RUST_LOG: 'debug' },
    stdout: 'Ada\n',
  },
];

suite('cli call', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }
  const plugin = host().path('fixtures/go-pdk/go_pdk.wasm');
  const call = async (
    args: string[],
    stdin?: string | Uint8Array,
    env?: Record<string, string>,
  ): Promise<Finished> => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    return inFolder(folder =>
      plugboard(folder, ['call', ...args], { ...(stdin && { stdin }), ...(env && { env }) }),
    );
  };

  for (const { name, args, stdin, env, stdout = '', stderr = '', code = 0 } of cases) {
    test(name, async () => {
      const result = await call([plugin, ...args], stdin, env);
      if (typeof stderr === 'string') is(result.stderr, stderr);
      else match(result.stderr, stderr);
      equal({ stdout: result.stdout, code: result.code }, { stdout, code });
    });
  }

  test('passes bytes unchanged, also bytes that are not text', async () => {
    const { inFolder, start } = await import('./spawn.ts');
    await inFolder(async folder => {
      const child = start(folder, ['call', plugin, 'echo', '--stdin']);
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
      child.stdin.end(bytes);
      const chunks: Uint8Array[] = [];
      for await (const chunk of child.stdout) chunks.push(chunk as Uint8Array);
      const output = Buffer.concat(chunks);
      is(output.length, bytes.length + 1);
      ok(output.subarray(0, -1).equals(bytes));
    });
  });

  test('calls with --stub a plugin whose host functions are not here', async () => {
    const args = [host().path('fixtures/kv-store/kv_store.wasm'), 'count_vowels', '-i', 'Hello'];
    match((await call(args)).stderr, /^plugboard: UNRESOLVED_IMPORTS: [\s\S]*--stub/);
    const stub = (name: string) => ['--stub', `extism:host/user.${name}`];
    const result = await call([...args, ...stub('kv_read=abcd'), ...stub('kv_write')]);
    // The four bytes of "abcd" are the old total.
    const stdout = `{"count": 2, "total": ${0x64636261 + 2}, "vowels": "aeiouAEIOU"}\n`;
    equal(result, { stdout, stderr: '', code: 0 });
  });

  test('prints the metadata of an actor; its process fails, because there is no message', async () => {
    const actor = host().path('fixtures/go-counter/go_counter.wasm');
    const metadata = await call([actor, 'get_metadata']);
    match(metadata.stdout, /"component":"GoCounter"/);
    is(metadata.code, 0);
    const context = '{"payload":{"operation":{"type":"String","data":"reset"}}}';
    const { stderr, code } = await call([actor, 'process', '-i', context]);
    match(stderr, /no message is being processed/);
    is(code, 1);
  });

  test('refuses a file that is not wasm', async () => {
    const { stderr, code } = await call([host().path('package.json'), 'echo']);
    match(stderr, /^plugboard: INVALID_WASM: .*\n$/);
    is(code, 1);
  });
});
