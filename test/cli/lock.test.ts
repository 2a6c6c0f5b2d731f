import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLockFile } from '../../src/audit/lock-file.ts';
import { type PolicyFile, readPolicy } from '../../src/audit/node.ts';
import { createPlugin } from '../../src/node.ts';
import { equal, is, match, ok, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { inFolder, plugboard } from './spawn.ts';

const ENV = 'extism:host/env';
const log = { module: ENV, name: 'log_info', params: ['i64'] } as const;
const http = { module: ENV, name: 'http_request', params: ['i64', 'i64'], results: ['i64'] } as const;
const FIRST = buildModule({ imports: [log], functions: [{ name: 'run', body: ['i64.const 0', 'call 0'] }] });
const SECOND = buildModule({
  imports: [log, http, { module: 'host', name: 'pay' }],
  functions: [{ name: 'run', body: ['i64.const 0', 'i64.const 0', 'call 1', 'drop'] }],
});

const inProject = (body: (folder: string) => Promise<void>) => () =>
  inFolder(async folder => {
    writeFileSync(join(folder, 'a.wasm'), FIRST);
    await body(folder);
  });
const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');
const policyIn = (folder: string): PolicyFile => readPolicy(read(folder, 'plugboard.policy.json'));
/** The words of a command as a shell splits them. */
const words = (command: string) =>
  [...command.matchAll(/'((?:[^']|'\\'')*)'|\S+/g)].map(
    ([word, quoted]) => quoted?.replaceAll("'\\''", "'") ?? word,
  );

suite('cli lock', test => {
  test(
    'writes a lock and a policy, which createPlugin accepts',
    inProject(async folder => {
      const { stdout, stderr, code } = await plugboard(folder, [
        'lock',
        'a.wasm',
        '--reason',
        'reviewed',
        '--by',
        'ann',
      ]);
      equal(
        { stdout, stderr, code },
        { stdout: 'plugboard.lock.json\nplugboard.policy.json\n', stderr: '', code: 0 },
      );
      const { plugins } = readLockFile(read(folder, 'plugboard.lock.json'));
      equal(
        plugins.map(({ name, powers }) => [name, powers.map(({ power }) => power)]),
        [['a.wasm', ['log']]],
      );
      const policy = policyIn(folder);
      is(policy.sequence, 1);
      equal(
        policy.plugins[0]!.grants.map(({ hash, ...grant }) => ({
          ...grant,
          ...(hash && { hash: hash.length }),
        })),
        [
          { reason: 'reviewed', by: 'ann', hash: 64 },
          { power: 'log', reason: 'reviewed', by: 'ann' },
        ],
      );
      await (await createPlugin(FIRST, { policy: read(folder, 'plugboard.policy.json') })).close();
      await raises(() => createPlugin(SECOND, { policy: read(folder, 'plugboard.policy.json') }), {
        code: 'POLICY_DENIED',
        message: 'plugboard.policy.json:7: plugin "a.wasm": module "main": hash',
      });
      is((await plugboard(folder, ['lock', '--check', 'a.wasm'])).stdout, 'a.wasm: approved\n');
    }),
  );

  test(
    'the lock notes the imports that this build used in traces, and keeps them until another build comes',
    inProject(async folder => {
      const uses = () => readLockFile(read(folder, 'plugboard.lock.json')).plugins[0]!.uses;
      const lock = (...more: string[]) =>
        plugboard(folder, ['lock', 'a.wasm', '--reason', 'reviewed', ...more]);
      await plugboard(folder, ['call', 'a.wasm', 'run', '--trace', 'a.jsonl']);
      is((await lock('--trace', 'a.jsonl')).code, 0);
      equal(uses(), [`${ENV} log_info`]);
      is((await plugboard(folder, ['lock', '--check', 'a.wasm'])).code, 0);
      await lock();
      equal(uses(), [`${ENV} log_info`]);
      writeFileSync(join(folder, 'a.wasm'), SECOND);
      // The trace is of the build before.
      await lock('--trace', 'a.jsonl');
      is(uses(), undefined);
      match((await lock('--trace', 'a.wasm')).stderr, /INVALID_TRACE|FILE/);
    }),
  );

  test(
    'a new build fails the check, and the printed command approves it',
    inProject(async folder => {
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'reviewed']);
      writeFileSync(join(folder, 'a.wasm'), SECOND);
      const before = read(folder, 'plugboard.policy.json') + read(folder, 'plugboard.lock.json');
      const { stdout, code } = await plugboard(folder, ['lock', '--check', 'a.wasm']);
      is(code, 1);
      match(
        stdout,
        /^a\.wasm: not approved\n {2}SHA-256 [0-9a-f]{64}, and [0-9a-f]{64} is the approved one\n/,
      );
      match(stdout, / {2}\+ host function "host pay"\n/);
      match(stdout, / {2}\+ power http\n/);
      is(
        read(folder, 'plugboard.policy.json') + read(folder, 'plugboard.lock.json'),
        before,
        'nothing is written',
      );
      const command = stdout.trimEnd().split('\n').at(-1)!.trim();
      ok(command.startsWith('plugboard lock a.wasm --reason '), command);
      is((await plugboard(folder, words(command).slice(1))).code, 0);
      is((await plugboard(folder, ['lock', '--check', 'a.wasm'])).code, 0);
      const { sequence, plugins } = policyIn(folder);
      is(sequence, 2);
      equal(
        plugins[0]!.grants.slice(2).map(({ hash, reason, ...grant }) => grant),
        [{}, { namespace: 'host', function: 'pay' }, { power: 'http' }],
      );
    }),
  );

  test(
    'further grants, an end, and files of other names',
    inProject(async folder => {
      const flags = ['--lock', 'x.json', '--policy', 'y.json'];
      await plugboard(folder, [
        ...['lock', 'a.wasm', ...flags, '--reason', 'r', '--until', '2999-01-01', '--allow-host', '*.a.test'],
        ...['--allow-path', 'ro:data', '--allow-path', 'out', '--allow-config', 'key'],
      ]);
      const grants = readPolicy(read(folder, 'y.json')).plugins[0]!.grants.slice(2);
      const own = { reason: 'r', until: '2999-01-01' };
      equal(grants, [
        { host: '*.a.test', ...own },
        { path: 'data', ...own },
        { path: 'out', access: 'write', ...own },
        { config: 'key', ...own },
      ]);
      writeFileSync(join(folder, 'a.wasm'), SECOND);
      const { stdout } = await plugboard(folder, ['lock', '--check', 'a.wasm', ...flags]);
      match(stdout, /plugboard lock a\.wasm --lock x\.json --policy y\.json --reason /);
    }),
  );

  test(
    'grants that have ended, and a changed lock or policy, fail the check',
    inProject(async folder => {
      const check = async () => (await plugboard(folder, ['lock', '--check', 'a.wasm'])).stdout;
      match(await check(), /the lock has no such plugin/);
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'r', '--until', '2999-01-01']);
      const policy = read(folder, 'plugboard.policy.json').replaceAll('2999-01-01', '2020-01-01');
      writeFileSync(join(folder, 'plugboard.policy.json'), policy);
      match(await check(), /the grant \{"hash":"[0-9a-f]{64}"\} has ended \(2020-01-01\)/);
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'again']);
      is(await check(), 'a.wasm: approved\n');
      const change = (name: string, from: string, to: string) =>
        writeFileSync(join(folder, name), read(folder, name).replace(from, to));
      change('plugboard.lock.json', 'log_info', 'log_warn');
      match(await check(), /the lock describes these bytes in another way/);
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'again']);
      change(
        'plugboard.policy.json',
        '"power": "log", "reason": "again"',
        '"power": "http", "reason": "again"',
      );
      match(await check(), /grant \{"power":"log"\}/);
    }),
  );

  test(
    'seen uses stay with their build, and count for no approval',
    inProject(async folder => {
      const [path, uses] = [join(folder, 'plugboard.lock.json'), [`${ENV} log_info`]];
      const usesNow = () => readLockFile(read(folder, 'plugboard.lock.json')).plugins[0]!.uses;
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'r']);
      const lock = readLockFile(read(folder, 'plugboard.lock.json'));
      writeFileSync(
        path,
        JSON.stringify({ ...lock, plugins: lock.plugins.map(plugin => ({ ...plugin, uses })) }),
      );
      is((await plugboard(folder, ['lock', '--check', 'a.wasm'])).stdout, 'a.wasm: approved\n');
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'r']);
      equal(usesNow(), uses);
      writeFileSync(join(folder, 'a.wasm'), SECOND);
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'r']);
      is(usesNow(), undefined);
    }),
  );

  test(
    'several files, each by its name; --json prints data',
    inProject(async folder => {
      writeFileSync(join(folder, 'b.wasm'), SECOND);
      await plugboard(folder, ['lock', 'a.wasm', 'b.wasm', '--reason', 'r']);
      is(
        (await plugboard(folder, ['lock', '--check', 'a.wasm', 'b.wasm'])).stdout,
        'a.wasm: approved\nb.wasm: approved\n',
      );
      writeFileSync(join(folder, 'b.wasm'), FIRST);
      const { stdout, code } = await plugboard(folder, ['lock', '--check', '--json', 'a.wasm', 'b.wasm']);
      is(code, 1);
      is(policyIn(folder).sequence, 1, 'one change of the policy');
      const [a, b] = JSON.parse(stdout) as { differences: { code: string }[] }[];
      equal(
        [a!.differences, b!.differences.map(({ code }) => code)],
        [[], ['other-build', 'power-lost', 'power-lost', 'reach-gained', 'not-granted']],
      );
    }),
  );

  test(
    'programs that run side by side lose no approval, and the sequence counts their changes',
    inProject(async folder => {
      const files = Array.from({ length: 6 }, (_, index) => `p${index}.wasm`);
      for (const file of files) writeFileSync(join(folder, file), FIRST);
      const lock = (...args: string[]) => plugboard(folder, ['lock', ...args]);
      const ended = await Promise.all(files.map(file => lock(file, '--reason', 'r')));
      equal(
        ended.map(({ code, stderr }) => ({ code, stderr })),
        files.map(() => ({ code: 0, stderr: '' })),
      );
      is((await lock('--check', ...files)).stdout, files.map(file => `${file}: approved\n`).join(''));
      is(policyIn(folder).sequence, files.length);
    }),
  );

  const WRONG: readonly [args: string[], message: RegExp][] = [
    [[], /FILE is missing/],
    [['a.wasm'], /--reason is missing/],
    [['a.wasm', '--reason', ' '], /--reason is missing/],
    [['a.wasm', '--reason', 'r', '--until', 'soon'], /--until: expected a day/],
    [
      ['a.wasm', '--reason', 'r', '--until', '2020-01-01'],
      /--until: expected a day that has not ended, got 2020-01-01/,
    ],
    [['a.wasm', '--reason', 'r', '--allow-host', 'https://a'], /a URL with its scheme can match no host/],
    [['none.wasm', '--reason', 'r'], /none\.wasm/],
    [['https://a.test/a.wasm', '--reason', 'r'], /USAGE: expected a file, got the URL https:/],
    [['a.wasm', '--check', '--reason', 'r'], /both --check and --reason are given; keep one/],
    [['a.wasm', '--check', '--trace', 'r'], /both --check and --trace are given; keep one/],
    [['a.wasm', '--json', '--reason', 'r'], /--json is for --check; give both/],
    [['a.wasm', '--reason', 'r', '--allow-host', ''], /INVALID_POLICY: .*an empty string can match no host/],
    [['a.wasm', '--reason', 'r', '--lock', 'no/x'], /FILE: no\/x: its folder does not exist/],
    [['text.wasm', '--reason', 'r'], /text\.wasm: expected a wasm module/],
    [
      ['a.wasm', '--reason', 'r', '--lock', 'x', '--policy', 'x'],
      /--lock and --policy are the same file|are the same file/,
    ],
    [['a.wasm', '--check', '--policy', 'text.wasm'], /text\.wasm: expected JSON/],
  ];
  for (const [args, message] of WRONG) {
    test(
      `${args.join(' ')}: is refused, and writes nothing`,
      inProject(async folder => {
        writeFileSync(join(folder, 'text.wasm'), 'no wasm');
        const { stderr, code } = await plugboard(folder, ['lock', ...args]);
        match(stderr, message);
        is(code, 2);
        await raises(async () => read(folder, 'plugboard.policy.json'), { code: 'ENOENT' });
      }),
    );
  }

  test(
    'names cannot hide: control characters are escaped in files and on the terminal',
    inProject(async folder => {
      const wasm = buildModule({
        imports: [{ module: 'h\u202e', name: 'x\u001b[2J\n' }],
        functions: [{ name: 'r\u0007', body: [] }],
      });
      writeFileSync(join(folder, 'a.wasm'), wasm);
      const { stdout } = await plugboard(folder, ['lock', '--check', 'a.wasm']);
      await plugboard(folder, ['lock', 'a.wasm', '--reason', 'r\u202e']);
      writeFileSync(join(folder, 'a.wasm'), FIRST);
      const second = await plugboard(folder, ['lock', '--check', 'a.wasm']);
      const all =
        stdout + second.stdout + read(folder, 'plugboard.lock.json') + read(folder, 'plugboard.policy.json');
      ok(!/[\p{Cc}\p{Cf}]/u.test(all.replaceAll('\n', '')));
      is(policyIn(folder).plugins[0]!.grants[1]!.function, 'x\u001b[2J\n');
    }),
  );
});
