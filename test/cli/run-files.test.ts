import { form, OTHER_FILES } from '../actor/other-files.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { host } from '../helpers/host.ts';
import { suite } from '../helpers/suite.ts';
import type { Finished } from './spawn.ts';
import { stateIn } from './state-in.ts';

const increment = '{"increment":{"type":"Flow"}}';
const counts = (...numbers: number[]) =>
  numbers.map(number => `{"count":{"type":"Integer","data":${number}}}\n`).join('');

suite('cli run: files', test => {
  if (typeof host().list !== 'function') {
    test.skip('all of it', 'this runtime starts no programs');
    return;
  }
  const rustCounter = host().path('fixtures/rust-counter/rust_counter.wasm');
  const keeper = host().path('fixtures/rust-keeper/rust_keeper.wasm');

  type Run = (args: string[], stdin?: string | Uint8Array) => Promise<Finished>;
  const withRun = async (body: (run: Run, folder: string) => Promise<void>) => {
    const { inFolder, plugboard } = await import('./spawn.ts');
    await inFolder(folder =>
      body((args, stdin = '') => plugboard(folder, ['run', ...args], { stdin }), folder),
    );
  };
  const testRun = (name: string, body: (run: Run, folder: string) => Promise<void>) =>
    test(name, () => withRun(body));

  // FileState's own tests open all of them.
  const few = OTHER_FILES.filter(([text]) => ['', '{}', form({ version: 2 })].includes(text));
  for (const [text, problem, withAdopt] of few) {
    const name = `leaves the file ${JSON.stringify(text)} as it is, and runs nothing: ${problem}`;
    test.row(['error.INVALID_STATE_FILE', 'error.FILE'], name, () =>
      withRun(async (run, folder) => {
        const { readdirSync, readFileSync, writeFileSync } = await import('node:fs');
        writeFileSync(`${folder}/s.json`, text);
        for (const more of withAdopt ? [[]] : [[], ['--adopt']]) {
          const { stdout, stderr, code } = await run([rustCounter, '--state', 's.json', ...more], increment);
          is(stdout, '');
          ok(stderr.startsWith(`plugboard: FILE: s.json: ${problem}`), stderr);
          is(code, 2);
          is(readFileSync(`${folder}/s.json`, 'utf8'), text);
          equal(readdirSync(folder), ['s.json']);
        }
      }),
    );
  }

  testRun('reads any JSON object as the state with --adopt', async (run, folder) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/s.json`, '{"count":4,"other":1.0}');
    equal(await run([keeper, '--state', 's.json', '--adopt'], '{}'), { stdout: '', stderr: '', code: 0 });
    is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"count":4,"other":1.0}');
  });

  testRun('keeps the positions of a state file', async (run, folder) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const positions = '"positions":{"in":9007199254740993}';
    writeFileSync(`${folder}/s.json`, form({}).replace('"positions":{}', positions));
    is((await run([rustCounter, '--state', 's.json'], increment)).stdout, counts(1));
    ok(readFileSync(`${folder}/s.json`, 'utf8').includes(positions));
  });

  testRun('says on stderr that another module wrote the state, and goes on from it', async (run, folder) => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/s.json`, form({ module: { sha256: '0'.repeat(64) }, state: { count: 4 } }));
    const { stdout, stderr, code } = await run([rustCounter, '--state', 's.json'], increment);
    equal([stdout, code], [counts(5), 0]);
    match(
      stderr,
      /^plugboard: s\.json: written by another module \(SHA-256 0{16}…\); this one \([0-9a-f]{16}…\) goes on from it\n$/,
    );
    is((await run([rustCounter, '--state', 's.json'], increment)).stderr, '');
  });

  testRun('the error for a state that is too large says how to go on', async (run, folder) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const text = form({ state: { long: 'x'.repeat(1000) } });
    writeFileSync(`${folder}/s.json`, text);
    const small = await run([keeper, '--state', 's.json', '--input-bytes', '2000'], '{}');
    equal([small.stdout, small.code], ['', 2]);
    match(
      small.stderr,
      /^plugboard: FILE: the stored state: 1,011 bytes, over the limit of 1,000 .*; give more --input-bytes, .*\n$/,
    );
    is(readFileSync(`${folder}/s.json`, 'utf8'), text);
    equal(await run([keeper, '--state', 's.json', '--input-bytes', '2100'], '{}'), {
      stdout: '',
      stderr: '',
      code: 0,
    });
  });

  const places: [name: string, path: string, problem: string][] = [
    ['a folder', 'folder', 'expected a file, got a folder, device or the like'],
    ['a file in a folder that is missing', 'missing/s.json', 'its folder does not exist'],
    ['a file below another file', 'read-only.json/s.json', 'ENOTDIR'],
    [
      'a name that leaves no room for the one of a temporary file',
      `${'n'.repeat(250)}`,
      'no file can be made in its folder: ENAMETOOLONG',
    ],
    ['a read-only file', 'read-only.json', 'the file is read-only'],
  ];
  for (const [name, path, problem] of places) {
    testRun(`refuses ${name} for the state before anything runs`, async (run, folder) => {
      const { mkdirSync, readdirSync, writeFileSync } = await import('node:fs');
      mkdirSync(`${folder}/folder`);
      writeFileSync(`${folder}/read-only.json`, form({}), { mode: 0o444 });
      const { stdout, stderr, code } = await run([rustCounter, '--state', path], increment);
      is(stdout, '');
      ok(stderr.startsWith(`plugboard: FILE: ${path}: ${problem}`), stderr);
      is(code, 2);
      equal(readdirSync(folder).sort(), ['folder', 'read-only.json']);
    });
  }

  const shared: [args: string[], files: string][] = [
    [['--state', 'x', '--events', 'x'], '--state and --events'],
    [['--state', './x', '--events', 'y/../x'], '--state and --events'],
    [['--state', 'node.json', '--node', 'node.json'], 'node.json and --state'],
    [['--events', 'node.json', '--node', 'node.json'], 'node.json and --events'],
    [['--state', 'actor.wasm', '--adopt'], 'actor.wasm and --state'],
    [['--events', 'actor.wasm'], 'actor.wasm and --events'],
  ];
  for (const [args, files] of shared) {
    testRun(`refuses one file for two purposes: ${args.join(' ')}`, async (run, folder) => {
      const { copyFileSync, mkdirSync, readdirSync, writeFileSync } = await import('node:fs');
      copyFileSync(rustCounter, `${folder}/actor.wasm`);
      mkdirSync(`${folder}/y`);
      writeFileSync(`${folder}/node.json`, '{"id":"n","component":"c"}');
      const { stdout, stderr, code } = await run(['actor.wasm', ...args], increment);
      equal(
        [stdout, stderr, code],
        ['', `plugboard: USAGE: ${files} are the same file; give each its own\n`, 2],
      );
      equal(readdirSync(folder).sort(), ['actor.wasm', 'node.json', 'y']);
    });
  }

  for (const text of [
    'a poem\n',
    '{"name":"package"}\n',
    '[1]',
    'null\n',
    '{"type":1,"actor":"a","atMs":1}\n',
  ]) {
    testRun(`adds no events to the file ${JSON.stringify(text)}`, async (run, folder) => {
      const { readFileSync, writeFileSync } = await import('node:fs');
      writeFileSync(`${folder}/e.jsonl`, text);
      const { stdout, stderr, code } = await run([rustCounter, '--events', 'e.jsonl'], increment);
      equal([stdout, code], ['', 2]);
      match(
        stderr,
        /^plugboard: FILE: e\.jsonl: expected a file of events, one JSON object a line, got other/,
      );
      is(readFileSync(`${folder}/e.jsonl`, 'utf8'), text);
    });
  }

  testRun('begins a new line after half an event, which a killed program left', async (run, folder) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const first = '{"type":"phase","phase":"loading","actor":"a","component":"c","atMs":1}\n{"type":"st';
    writeFileSync(`${folder}/e.jsonl`, first);
    is((await run([rustCounter, '--events', 'e.jsonl'], increment)).code, 0);
    const text = readFileSync(`${folder}/e.jsonl`, 'utf8');
    ok(text.startsWith(`${first}\n{"type":"phase"`), text);
  });

  testRun(
    'two programs with one file lose no change: the state counts each message that succeeded',
    async (run, folder) => {
      const { readFileSync } = await import('node:fs');
      const args = [rustCounter, '--state', 's.json'];
      const runs = await Promise.all([1, 2].map(() => run(args, `${increment}\n`.repeat(40))));
      const succeeded = runs.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
      const failed = runs.flatMap(({ stderr }) => stderr.split('\n').filter(Boolean));
      is(succeeded.length + failed.length, 80);
      ok(
        failed.every(line => /STATE_STORE_FAILED: .*another program has changed the file/.test(line)),
        failed.join('\n'),
      );
      is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), `{"count":${succeeded.length}}`);
      is(new Set(succeeded).size, succeeded.length);
    },
  );

  testRun('keeps the permissions of the state file', async (run, folder) => {
    const { readFileSync, statSync, writeFileSync } = await import('node:fs');
    writeFileSync(`${folder}/s.json`, '{"count":4}', { mode: 0o600 });
    const { mode } = statSync(`${folder}/s.json`);
    is((await run([rustCounter, '--state', 's.json', '--adopt'], increment)).stdout, counts(5));
    is(stateIn(readFileSync(`${folder}/s.json`, 'utf8')), '{"count":5}');
    is(statSync(`${folder}/s.json`).mode, mode);
  });

  const linked = 'replaces the file that a symbolic link leads to, not the link';
  if ('Deno' in globalThis) {
    test.skip(linked, 'Deno makes symbolic links only when granted all files');
  } else {
    testRun(linked, async (run, folder) => {
      const { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } = await import('node:fs');
      mkdirSync(`${folder}/data`);
      writeFileSync(`${folder}/data/s.json`, '{"count":4}');
      symlinkSync('data/s.json', `${folder}/link.json`);
      is((await run([rustCounter, '--state', 'link.json', '--adopt'], increment)).stdout, counts(5));
      ok(lstatSync(`${folder}/link.json`).isSymbolicLink());
      is(stateIn(readFileSync(`${folder}/data/s.json`, 'utf8')), '{"count":5}');
      symlinkSync('data/new.json', `${folder}/dangling.json`);
      is((await run([rustCounter, '--state', 'dangling.json'], increment)).stdout, counts(1));
      ok(lstatSync(`${folder}/dangling.json`).isSymbolicLink());
      is(stateIn(readFileSync(`${folder}/data/new.json`, 'utf8')), '{"count":1}');
    });
  }
});
