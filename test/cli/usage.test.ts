import { call } from '../../src/cli/call.ts';
import type { Option } from '../../src/cli/command.ts';
import { run } from '../../src/cli/run.ts';
import { equal, is, match, raises } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** One clear line on stderr, and exit code 2. */
const wrongUse: { args: string[]; stderr: string; env?: Record<string, string> }[] = [
  {
    args: [],
    stderr:
      'USAGE: expected one of the commands call, run, inspect, types, graph, net, replay, lock, prepare, build, conformance, compare, got none; see plugboard --help',
  },
  {
    args: ['fly'],
    stderr:
      'USAGE: expected one of the commands call, run, inspect, types, graph, net, replay, lock, prepare, build, conformance, compare, got "fly"; see plugboard --help',
  },
  {
    args: ['--loud'],
    stderr:
      'USAGE: expected one of the commands call, run, inspect, types, graph, net, replay, lock, prepare, build, conformance, compare, got "--loud"; see plugboard --help',
  },
  {
    args: ['call'],
    stderr:
      'USAGE: PLUGIN.wasm is missing: file or URL of the plugin; with --manifest, the file of its manifest; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm'],
    stderr: 'USAGE: FUNCTION is missing: name of the exported function; see plugboard call --help',
  },
  { args: ['call', 'x.wasm', 'f', 'g'], stderr: 'USAGE: unexpected argument "g"; see plugboard call --help' },
  {
    args: ['call', 'x.wasm', 'f', '--loud'],
    stderr: 'USAGE: unknown option --loud (did you mean --loop?); see plugboard call --help',
  },
  { args: ['call', 'x.wasm', 'f', '-x'], stderr: 'USAGE: unknown option -x; see plugboard call --help' },
  {
    args: ['call', 'x.wasm', 'f', '--toString'],
    stderr: 'USAGE: unknown option --toString; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '-i'],
    stderr: 'USAGE: -i needs a value (TEXT); see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--stdin=1'],
    stderr: 'USAGE: --stdin takes no value; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '-i', 'a', '--input', 'b'],
    stderr: 'USAGE: --input is given twice; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '-i', 'a', '--stdin'],
    stderr: 'USAGE: both --input and --stdin are given; keep one',
  },
  {
    args: ['call', 'x.wasm', 'f', '--config', 'key'],
    stderr: 'USAGE: --config: expected KEY=VALUE, got "key"',
  },
  {
    args: ['call', 'x.wasm', 'f', '--loop', 'two'],
    stderr:
      'USAGE: --loop: expected a whole number of calls, 0 or more, got "two"; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--loop', '-1'],
    stderr: 'USAGE: --loop: expected a whole number of calls, 0 or more, got "-1"; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--timeout', '1.5'],
    stderr:
      'USAGE: --timeout: expected a whole number of milliseconds, 0 or more, got "1.5"; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--memory-max', '0x10'],
    stderr:
      'USAGE: --memory-max: expected a whole number of pages, 0 or more, got "0x10"; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--var-max', ''],
    stderr:
      'USAGE: --var-max: expected a whole number of bytes, 0 or more, got ""; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--http-response-max', '9007199254740993'],
    stderr:
      'USAGE: --http-response-max: expected a whole number of bytes, 0 or more, got "9007199254740993"; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--link'],
    stderr: 'USAGE: --link needs a value ([NAME=]FILE); see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--link', 'lib='],
    stderr: 'USAGE: --link: expected [NAME=]FILE_OR_URL, got "lib="',
  },
  {
    args: ['call', 'x.wasm', 'f', '--link', '=lib.wasm'],
    stderr: 'USAGE: --link: expected [NAME=]FILE_OR_URL, got "=lib.wasm"',
  },
  {
    args: ['call', 'x.wasm', 'f', '--link', ''],
    stderr: 'USAGE: --link: expected [NAME=]FILE_OR_URL, got ""',
  },
  {
    args: ['call', 'x.wasm', 'f', '--allow-path', ':/guest'],
    stderr: 'USAGE: --allow-path: expected HOST[:GUEST], got ":/guest"',
  },
  {
    args: ['call', 'x.wasm', 'f', '--wasi=yes'],
    stderr: 'USAGE: --wasi takes no value; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm', 'f', '--set-config', '{"a"}'],
    stderr: 'USAGE: --set-config: the value is not valid JSON: expected ":", got "}" at byte 4',
  },
  {
    args: ['call', 'x.wasm', 'f', '--set-config', '{"a": "1", "a": "2"}'],
    stderr: 'USAGE: --set-config: config.a: stands twice',
  },
  {
    args: ['call', 'x.wasm', 'f', '--set-config', '["a"]'],
    stderr: 'USAGE: --set-config: expected a JSON object whose values are strings, got ["a"]',
  },
  {
    args: ['call', 'x.wasm', 'f', '--set-config', '{"a":1}'],
    stderr: 'USAGE: --set-config: expected a JSON object whose values are strings, got {"a":1}',
  },
  {
    args: ['call', 'x.wasm', 'f', '--set-config', '{}', '--set-config', '{}'],
    stderr: 'USAGE: --set-config is given twice; see plugboard call --help',
  },
  { args: ['call', 'x.json', 'f', '--manifest'], stderr: 'FILE: x.json: there is no such file' },
  {
    args: ['call', 'x.wasm', 'f', '--log-level', 'loud'],
    stderr: 'USAGE: --log-level: expected one of trace, debug, info, warn, error, silent, got "loud"',
  },
  ...['read', '.read', 'host.', '=1', ''].map(text => ({
    args: ['call', 'x.wasm', 'f', '--stub', text],
    stderr: `USAGE: --stub: expected NAMESPACE.NAME[=VALUE], such as extism:host/user.read, got "${text}"`,
  })),
  {
    args: ['call', 'x.wasm', 'f', '-vq'],
    stderr: 'USAGE: both --quiet and --verbose are given; keep one',
  },
  {
    args: ['run', 'x.wasm', '-v', '--log-level', 'info'],
    stderr: 'USAGE: both --verbose and --log-level are given; keep one',
  },
  {
    args: ['call', 'x.wasm', 'f'],
    env: { PLUGBOARD_LOG: 'yes' },
    stderr: 'USAGE: PLUGBOARD_LOG: expected debug or off, got "yes"',
  },
  {
    args: ['net', 'look', 'nats://x', 'visits'],
    stderr: 'USAGE: ACTION: expected one of status, dead, redrive, reload, got "look"',
  },
  {
    args: ['net', 'reload', 'nats://x', 'visits'],
    stderr: 'USAGE: reload: expected --component NAME=FILE or --forget NAME',
  },
  {
    args: ['net', 'status', 'nats://x', 'visits', '--forget', 'Counter'],
    stderr: 'USAGE: status: takes no --component and no --forget; reload does',
  },
  {
    args: ['net', 'reload', 'nats://x', 'visits', '--component', 'Counter=missing.wasm'],
    stderr: 'FILE: missing.wasm: there is no such file',
  },
  {
    args: ['net', 'status', 'nats2://u:secret@h', 'visits'],
    stderr: 'USAGE: expected a URL such as nats://localhost:4222, got "nats2://h"',
  },
  {
    args: ['net', 'status', 'nats://u:secret@h:99999', 'visits'],
    stderr: 'USAGE: expected a URL such as nats://localhost:4222, got "nats://h:99999"',
  },
  {
    args: ['net', 'status', 'nats://u:%E0@h', 'visits'],
    stderr: 'USAGE: nats://h: expected % in user and password as %25',
  },
  {
    args: ['call', 'x.wasm', 'f', '--link', 'https://u:secret@h/?token=secret'],
    stderr: 'USAGE: --link: expected [NAME=]FILE_OR_URL, got "https://h/?..."',
  },
  {
    args: ['types', 'https://a.test/x.wasm'],
    stderr: 'USAGE: expected a file, got the URL https://a.test/x.wasm',
  },
  {
    args: ['prepare', 'https://a.test/x.wasm', '--out', 'x', '--fuel'],
    stderr: 'USAGE: expected a file, got the URL https://a.test/x.wasm',
  },
  {
    args: ['types', 'x.wasm', '--json', '--out', 'x.mjs'],
    stderr: 'USAGE: both --json and --out are given; keep one',
  },
  {
    args: ['types', 'x.wasm', '--json', '--ambient'],
    stderr: 'USAGE: both --json and --ambient are given; keep one',
  },
  {
    args: ['types', 'x.wasm', '--ambient', '--out', 'x.mjs'],
    stderr: 'USAGE: both --ambient and --out are given; keep one',
  },
  { args: ['run', 'x.wasm', '--adopt'], stderr: 'USAGE: --adopt is for --state; give both' },
  { args: ['run', 'x.json', '--spread'], stderr: 'USAGE: --spread is for --nats; give both' },
  {
    args: ['run', 'x.json', '--state', 's', '--nats', 'nats://x'],
    stderr: 'USAGE: both --nats and --state are given; keep one',
  },
  {
    args: ['run', 'x.wasm', '--node', 'n', '--config', 'a=1'],
    stderr: 'USAGE: both --node and --config are given; keep one',
  },
  { args: ['call', 'x.wasm', 'f'], stderr: 'FILE: x.wasm: there is no such file' },
  { args: ['run', 'x.wasm'], stderr: 'FILE: x.wasm: there is no such file' },
  {
    args: ['run', 'x.wasm', '--input', 'a'],
    stderr: 'USAGE: unknown option --input; see plugboard run --help',
  },
  {
    args: ['run', 'file:///x.wasm', '--watch'],
    stderr: 'USAGE: --watch: expected a file as FILE, got the URL file:///x.wasm',
  },
  {
    args: ['run', 'x.wasm', '--config', 'key'],
    stderr: 'USAGE: --config: expected a JSON object or KEY=VALUE, got "key"',
  },
  {
    args: ['run', 'x.wasm', '--config', '{"key"}'],
    stderr: 'USAGE: --config: the value is not valid JSON: expected ":", got "}" at byte 6',
  },
];

const helps: { args: string[]; says: RegExp; never?: RegExp }[] = [
  { args: ['--help'], says: /Usage: plugboard COMMAND/ },
  { args: ['-h'], says: /\n {2}call +call a function/ },
  { args: ['call', '--help'], says: /Usage: plugboard call \[OPTIONS\] PLUGIN\.wasm FUNCTION/ },
  { args: ['call', 'x.wasm', '--loud', '-h'], says: /\n {2}-i, --input TEXT/ },
  { args: ['call', '-h'], says: /\nLimits:\n +--timeout MS [\s\S]*\nExamples:\n[\s\S]*\n {2}1 to 255 / },
  {
    args: ['run', '-h'],
    says: /Usage: plugboard run \[OPTIONS\] FILE/,
    never: /1 to 255|extism call/,
  },
  { args: ['inspect', '-h'], says: /\n {2}2 +wrong use/, never: /1 to 255|Limits:/ },
];

suite('cli usage', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

  for (const command of [call, run]) {
    for (const [name, { value, repeatable, grants }] of Object.entries<Option>(command.options)) {
      if (!grants) continue;
      test.row(
        `grant.plugboard ${command.name} --${name}`,
        'misspelt or mistyped it grants nothing',
        async () => {
          const base = ['x.wasm', ...(command === call ? ['f'] : [])];
          const given = value ? [`--${name}`, '1'] : [`--${name}`];
          const wrong: [args: string[], problem: string][] = [
            [[`--${name.slice(1)}`, '1'], 'unknown option'],
            [[`--${name.replace(/(.)$/, '$1$1')}`], `did you mean --${name}?`],
            [[`--${name.toUpperCase()}`], `did you mean --${name}?`],
            [value ? [`--${name}`] : [`--${name}=1`], value ? 'needs a value' : 'takes no value'],
            ...(repeatable ? [] : ([[[...given, ...given], 'is given twice']] as [string[], string][])),
          ];
          for (const [args, problem] of wrong)
            await raises(() => command.run([...base, ...args]), { code: 'USAGE', message: problem });
        },
      );
    }
  }

  test('an option names known options as those that it needs, and those that it is not for', async () => {
    const { conformance } = await import('../../src/cli/conformance/command.ts');
    const { inspect } = await import('../../src/cli/inspect.ts');
    const { lock } = await import('../../src/cli/lock.ts');
    const { replay } = await import('../../src/cli/replay.ts');
    const { types } = await import('../../src/cli/types.ts');
    for (const { name, options } of [call, run, conformance, inspect, lock, replay, types])
      for (const { needs, not = [] } of Object.values<Option>(options))
        for (const other of needs === undefined ? not : [needs, ...not])
          is(Object.hasOwn(options, other), true, `${name} --${other}`);
  });

  for (const { args, env, stderr } of wrongUse) {
    const setting = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value} `);
    test.row(`error.${stderr.split(':')[0]}`, `${setting.join('')}plugboard ${args.join(' ')}`, async () => {
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        const result = await plugboard(folder, args, env ? { env } : {});
        equal(result, { stdout: '', stderr: `plugboard: ${stderr}\n`, code: 2 });
      });
    });
  }

  for (const { args, says, never } of helps) {
    test(`plugboard ${args.join(' ')} explains`, async () => {
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        const { stdout, stderr, code } = await plugboard(folder, args);
        match(stdout, says);
        if (never) is(never.test(stdout), false, 'help for another command');
        is(stderr, '');
        is(code, 0);
        is(
          stdout.split('\n').find(line => line.length > 120),
          undefined,
          'a line that is too long for a terminal',
        );
      });
    });
  }

  const outputs: [args: string[], file: string][] = [
    [['call', 'vowels.wasm', 'count_vowels', '--trace', 'no/x'], 'no/x'],
    [['call', 'vowels.wasm', 'count_vowels', '--trace', 't', '--html', 'no/x'], 'no/x'],
    [['inspect', 'vowels.wasm', '--html', 'no/x'], 'no/x'],
    [['prepare', 'vowels.wasm', '--fuel', '--out', 'no/x'], 'no/x'],
    [['types', 'vowels.wasm', '--out', 'no/x.mjs'], 'no/x.d.mts'],
  ];
  for (const [args, file] of outputs)
    test(`plugboard ${args.join(' ')} names the folder that is missing`, async () => {
      const { copyFileSync } = await import('node:fs');
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        copyFileSync(host().path('fixtures/vowels/vowels.wasm'), `${folder}/vowels.wasm`);
        const { stderr, code } = await plugboard(folder, args);
        equal([stderr, code], [`plugboard: FILE: ${file}: there is no folder no; make it first\n`, 2]);
      });
    });

  const values: [args: string[], code: string][] = [
    [['--allow-path', 'missing'], 'FOLDER_UNAVAILABLE'],
    [['--allow-host', ''], 'INVALID_(MANIFEST|OPTION)'],
    [['--policy', 'counter.wasm'], 'INVALID_POLICY'],
  ];
  for (const command of [
    ['call', 'counter.wasm', 'get_metadata'],
    ['run', 'counter.wasm'],
  ])
    for (const [args, error] of values)
      test(`plugboard ${[...command, ...args].join(' ')} is wrong use`, async () => {
        const { copyFileSync } = await import('node:fs');
        const { inFolder, plugboard } = await import('./spawn.ts');
        await inFolder(async folder => {
          copyFileSync(host().path('fixtures/rust-counter/rust_counter.wasm'), `${folder}/counter.wasm`);
          const { stderr, code } = await plugboard(folder, [...command, ...args]);
          match(stderr, new RegExp(`^plugboard: ${error}: `));
          is(code, 2);
        });
      });

  test('plugboard --version is that of package.json', async () => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(async folder => {
      const { version } = JSON.parse(new TextDecoder().decode(host().readBytes('package.json'))) as {
        version: string;
      };
      equal(await plugboard(folder, ['--version']), { stdout: `${version}\n`, stderr: '', code: 0 });
    });
  });

  test('an input that looks like an option is a value', async () => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(async folder => {
      const { stderr } = await plugboard(folder, ['call', 'x.wasm', 'f', '--input', '--help']);
      is(stderr, 'plugboard: FILE: x.wasm: there is no such file\n');
    });
  });
});
