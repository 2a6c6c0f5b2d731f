import { writeFileSync } from 'node:fs';
import { is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

/** A host that plays a part: it passes nothing, ends during the first call, or answers only the first message. */
const player = (part: string): string => `
const tell = message => process.stdout.write(JSON.stringify(message) + '\\n');
tell({ protocol: 1, host: 'player', version: '1', capabilities: [] });
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const message = JSON.parse(line);
  if (!message.call) return tell({ ok: true });
  const data = Buffer.from(message.call.input, 'base64').toString();
  ${part}
});`;
const ECHO = 'tell({ output: message.call.input, error: null });';

const results = (stdout: string) =>
  (JSON.parse(stdout) as { cases: { id: string; status: string; reasons: string[] }[] }).cases;

suite('plugboard conformance', test => {
  const folder = () => host().path('fixtures');
  const run = (part: string, args: string[], files: Record<string, string> = {}) =>
    inFolder(place => {
      for (const [name, text] of Object.entries({ 'host.cjs': player(part), ...files }))
        writeFileSync(`${place}/${name}`, text);
      const command = `${process.execPath} host.cjs`;
      return plugboard(place, ['conformance', '--cases', folder(), '--host', command, ...args]);
    });

  test('plugboard itself passes, and the exit code is 0', () =>
    inFolder(async place => {
      const { code, stdout } = await plugboard(place, [
        'conformance',
        '--cases',
        folder(),
        '--filter',
        'vowels.',
      ]);
      is(code, 0);
      match(stdout, /^plugboard /);
    }));

  test('a host that ends loses this case only', async () => {
    const { code, stdout } = await run('process.exit(3);', ['--json', '--filter', 'vowels.']);
    is(code, 1);
    const failed = results(stdout).filter(({ status }) => status === 'failed');
    ok(failed.length > 1);
    for (const { reasons } of failed) match(reasons.join(), /the host ended with code 3/);
  });

  test('a host that gives no answer loses this case only', async () => {
    const { stdout } = await run('', [
      '--json',
      '--timeout',
      '2',
      '--filter',
      'vowels.config',
      '--filter',
      'kv-store.',
    ]);
    const failed = results(stdout).filter(({ status }) => status === 'failed');
    is(failed.length, 2);
    for (const { reasons } of failed) match(reasons.join(), /no answer within 2000 ms/);
  });

  test('a pass that was expected to fail, and an id that no case has, fail the run', async () => {
    const known = JSON.stringify({ xfail: { 'c-pdk.echo': { row: 'abi.x' }, 'no.such': { row: 'abi.x' } } });
    const { code, stdout, stderr } = await run(ECHO, ['--filter', 'c-pdk.echo', '--expect', 'known.json'], {
      'known.json': known,
    });
    is(code, 1);
    match(stdout, /expected to fail \(abi\.x\), but it is passed/);
    match(stderr, /there is no case no\.such/);
  });

  test('a failure that was expected is an xfail', async () => {
    const known = JSON.stringify({ xfail: { 'vowels.config': { row: 'abi.x' } } });
    const { code, stdout } = await run(
      ECHO,
      ['--junit', '--filter', 'vowels.config', '--expect', 'known.json'],
      { 'known.json': known },
    );
    is(code, 0);
    match(stdout, /<skipped message="xfail; abi\.x/);
  });

  test('two forms of output, and a filter that fits no case, are wrong use', async () => {
    const rows: [args: string[], message: RegExp][] = [
      [['--json', '--junit'], /both --json and --junit are given; keep one/],
      [['--filter', 'vowels.', '--filter', 'TYPO'], /--filter: no case has an id that contains "TYPO"/],
    ];
    for (const [args, message] of rows) {
      const { code, stderr } = await run(ECHO, args);
      is(code, 2);
      match(stderr, message);
    }
  });

  test('a second host is wrong use', async () => {
    const { code, stderr } = await run(ECHO, ['--host', 'other']);
    is(code, 2);
    match(stderr, /--host is given twice/);
  });
});
