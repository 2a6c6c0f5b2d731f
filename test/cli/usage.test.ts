import { equal, is, match } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';

/** One clear line on stderr, and exit code 2. */
const wrongUse: { args: string[]; stderr: string; env?: Record<string, string> }[] = [
  {
    args: [],
    stderr: 'USAGE: expected one of the commands call, run, inspect, got none; see plugboard --help',
  },
  {
    args: ['fly'],
    stderr: 'USAGE: expected one of the commands call, run, inspect, got "fly"; see plugboard --help',
  },
  {
    args: ['--loud'],
    stderr: 'USAGE: expected one of the commands call, run, inspect, got "--loud"; see plugboard --help',
  },
  {
    args: ['call'],
    stderr: 'USAGE: PLUGIN.wasm is missing: file with the plugin; see plugboard call --help',
  },
  {
    args: ['call', 'x.wasm'],
    stderr: 'USAGE: FUNCTION is missing: name of the exported function; see plugboard call --help',
  },
  { args: ['call', 'x.wasm', 'f', 'g'], stderr: 'USAGE: unexpected argument "g"; see plugboard call --help' },
  {
    args: ['call', 'x.wasm', 'f', '--loud'],
    stderr: 'USAGE: unknown option --loud; see plugboard call --help',
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
    args: ['call', 'x.wasm', 'f', '--log-level', 'loud'],
    stderr: 'USAGE: --log-level: expected one of trace, debug, info, warn, error, silent, got "loud"',
  },
  {
    args: ['call', 'x.wasm', 'f'],
    env: { PLUGBOARD_LOG: 'yes' },
    stderr: 'USAGE: PLUGBOARD_LOG: expected debug or off, got "yes"',
  },
  { args: ['call', 'x.wasm', 'f'], stderr: 'FILE: x.wasm: there is no such file' },
  { args: ['run', 'x.wasm'], stderr: 'FILE: x.wasm: there is no such file' },
  {
    args: ['run', 'x.wasm', '--input', 'a'],
    stderr: 'USAGE: unknown option --input; see plugboard run --help',
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

const helps: { args: string[]; says: RegExp }[] = [
  { args: ['--help'], says: /Usage: plugboard COMMAND/ },
  { args: ['-h'], says: /\n {2}call +call a function/ },
  { args: ['call', '--help'], says: /Usage: plugboard call \[OPTIONS\] PLUGIN\.wasm FUNCTION/ },
  { args: ['call', 'x.wasm', '--loud', '-h'], says: /\n {2}-i, --input TEXT/ },
  { args: ['run', '-h'], says: /Usage: plugboard run \[OPTIONS\] ACTOR\.wasm/ },
];

suite('cli usage', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }

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

  for (const { args, says } of helps) {
    test(`plugboard ${args.join(' ')} explains`, async () => {
      const { inFolder, plugboard } = await import('./spawn.ts');
      await inFolder(async folder => {
        const { stdout, stderr, code } = await plugboard(folder, args);
        match(stdout, says);
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
