import { isWatched, Progress, type Screen } from '../../src/cli/progress.ts';
import { webBasis } from '../../src/platform/web.ts';
import { equal, is, match, ok } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';

/** A terminal that keeps its current line, as a reader sees it. */
class FakeTerminal implements Screen {
  readonly isTTY = true;
  columns = 60;
  /** All lines that were to be seen, without repetitions. */
  readonly seen: string[] = [];
  #cells: string[] = [];
  #cursor = 0;

  write(text: string): void {
    for (const character of text) {
      ok(character >= ' ' || character === '\r', `an escape sequence: ${JSON.stringify(text)}`);
      if (character === '\r') this.#cursor = 0;
      else this.#cells[this.#cursor++] = character;
      ok(this.#cursor < this.columns, `a full line: ${JSON.stringify(text)}`);
    }
    if (this.line !== this.seen.at(-1)) this.seen.push(this.line);
  }

  get line(): string {
    return this.#cells.join('').trimEnd();
  }
}

/** A progress whose time the test sets. */
function watched(columns = 60) {
  const terminal = new FakeTerminal();
  terminal.columns = columns;
  const time = { ms: 0 };
  const progress = new Progress(terminal, () => time.ms);
  const at = (ms: number) => {
    time.ms = ms;
    progress.tick();
    return terminal.line;
  };
  return { terminal, progress, at };
}

/** A promise that the test resolves. */
function later() {
  let finish!: () => void;
  const work = new Promise<void>(resolve => {
    finish = resolve;
  });
  return { work, finish };
}

const TERMINALS: readonly [isTTY: boolean, environment: Record<string, string>, shown: boolean][] = [
  [true, {}, true],
  [true, { TERM: 'xterm-256color', NO_COLOR: '1' }, true],
  [true, { CI: '' }, true],
  [true, { CI: 'false' }, true],
  [true, { CI: 'true' }, false],
  [true, { CI: '1' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, {}, false],
  [false, { TERM: 'xterm' }, false],
];

suite('cli: progress', test => {
  for (const [isTTY, environment, shown] of TERMINALS) {
    const title = `${isTTY ? 'a terminal' : 'a pipe'} with ${JSON.stringify(environment)}`;
    test(`${title} ${shown ? 'shows' : 'does not show'} progress`, () => {
      is(
        isWatched({ isTTY, write: () => {} }, name => environment[name]),
        shown,
      );
    });
  }

  test('work of less than half a second shows nothing, longer work is shown and removed at its end', async () => {
    const { terminal, progress, at } = watched();
    const { work, finish } = later();
    const done = progress.during(seconds => `waiting, ${seconds} s`, work);
    equal([at(0), at(499)], ['', '']);
    equal([at(500), at(2100)], ['plugboard: waiting, 0 s', 'plugboard: waiting, 2 s']);
    finish();
    await done;
    equal([terminal.line, at(9000)], ['', '']);
  });

  test('the line is drawn at most ten times a second, and shorter text leaves nothing of longer text', async () => {
    const { terminal, progress, at } = watched();
    const texts = ['long text', 'short', 'never'];
    void progress.during(() => texts.shift() ?? '', later().work);
    equal(
      [at(500), at(599), at(600)],
      ['long text', 'long text', 'short'].map(text => `plugboard: ${text}`),
    );
    progress.end();
    equal(terminal.seen, ['plugboard: long text', 'plugboard: short', '']);
  });

  test('a narrow terminal gets the start of the text', () => {
    const { progress, at } = watched(20);
    void progress.during(() => 'a text of many characters', later().work);
    is(at(600), 'plugboard: a text o');
  });

  test('of several tasks the oldest is shown, and work that fails is removed too', async () => {
    const { terminal, progress, at } = watched();
    const [first, second] = [later(), later()];
    const done = progress.during(() => 'first', first.work);
    const failing = progress.during(
      () => 'second',
      second.work.then(() => {
        throw new Error('no');
      }),
    );
    is(at(600), 'plugboard: first');
    first.finish();
    await done;
    is(at(700), 'plugboard: second');
    second.finish();
    await failing.catch(() => {});
    is(terminal.line, '');
  });

  test('other output comes where the line was, and the line comes back', () => {
    const { terminal, progress, at } = watched();
    void progress.during(() => 'working', later().work);
    is(at(600), 'plugboard: working');
    const platform = progress.watch({
      ...webBasis,
      print: { out: () => is(terminal.line, ''), err: () => is(terminal.line, '') },
    });
    platform.print.out('a line of the plugin');
    is(at(700), 'plugboard: working');
    platform.print.err('a line of the host');
    is(terminal.line, '');
    progress.end();
  });

  test('a download tells its bytes, and the response is that of the platform', async () => {
    const { terminal, progress, at } = watched(100);
    const { work, finish } = later();
    const body = new ReadableStream<Uint8Array>({
      start: async controller => {
        controller.enqueue(new Uint8Array(1_200_000));
        await work;
        controller.enqueue(new Uint8Array(300_000));
        controller.close();
      },
    });
    const headers = { 'content-length': '1500000', 'content-type': 'application/wasm' };
    const given = Object.defineProperty(new Response(body, { headers }), 'url', {
      value: 'https://example.com/final.wasm',
    });
    const { fetch } = progress.watch({ ...webBasis, fetch: async () => given });
    const response = await fetch('https://user:secret@example.com/a%0Ab.wasm?key=secret');
    equal(
      [response.url, response.status, response.headers.get('content-type')],
      ['https://example.com/final.wasm', 200, 'application/wasm'],
    );
    const bytes = response.arrayBuffer();
    await new Promise(resolve => setTimeout(resolve, 20));
    is(at(2000), 'plugboard: downloading example.com/a%0Ab.wasm: 1.2 MB of 1.5 MB, 2 s');
    finish();
    is((await bytes).byteLength, 1_500_000);
    is(terminal.line, '');
  });

  for (const [name, answer] of [
    ['an answer of 404', async () => new Response('no', { status: 404 })],
    ['an answer without a body', async () => new Response(null, { status: 204 })],
    ['a failure', async () => Promise.reject(new TypeError('no network'))],
  ] as const) {
    test(`${name} passes through, and the line is removed`, async () => {
      const { terminal, progress, at } = watched();
      const { fetch } = progress.watch({
        ...webBasis,
        fetch: async () => {
          at(600);
          return answer();
        },
      });
      const got = await fetch('https://example.com/').catch((error: Error) => error);
      match(String('status' in got ? got.status : got.message), /^(404|204|no network)$/);
      equal([terminal.seen.length, terminal.line, at(5000)], [2, '', '']);
    });
  }

  test('a compilation tells its size', async () => {
    const { progress, at } = watched();
    const { work, finish } = later();
    const module = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const { compile } = progress.watch({ ...webBasis, compile: () => work.then(() => module) });
    const compiled = compile(new Uint8Array(12_345_678));
    is(at(3000), 'plugboard: compiling 12.3 MB, 3 s');
    finish();
    is(await compiled, module);
  });

  test('without a screen the platform stays as it is, and work runs as it is', async () => {
    const progress = new Progress(null);
    is(progress.watch(webBasis), webBasis);
    is(await progress.during(() => 'never', Promise.resolve(7)), 7);
  });
});

/** Why no terminal can be made for a program; null if one can. */
async function lacksTerminal(): Promise<string | null> {
  if ('Deno' in globalThis) return 'Deno may start only itself here';
  const { spawnSync } = await import('node:child_process');
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  return stdout?.includes('util-linux')
    ? null
    : 'the program "script" of util-linux, which makes a terminal, is missing';
}
const lacking = await lacksTerminal();

suite('cli: progress of the command', test => {
  const name =
    'plugboard run shows lines on a terminal; with -q, in CI and in a pipe it prints the same as before';
  if (lacking !== null) {
    test.skip(name, lacking);
    return;
  }
  test(name, async () => {
    const { execFileSync } = await import('node:child_process');
    const { writeFileSync } = await import('node:fs');
    const { commandPath, inFolder } = await import('./spawn.ts');
    const { answering } = await import('../actor/answering.ts');
    await inFolder(async folder => {
      const wasm = answering({ process: '{"outputs":{}}', get_metadata: '{"component":"X"}' });
      writeFileSync(`${folder}/actor.wasm`, wasm);
      const run = `"${process.execPath}" "${commandPath()}" run actor.wasm`;
      const shown = (wait: string, command: string, environment: Record<string, string> = {}) =>
        execFileSync('script', ['-qefc', `(echo {}; ${wait}; echo {}) | ${command}`, 'screen'], {
          cwd: folder,
          encoding: 'utf8',
          env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...environment },
          stdio: ['ignore', 'pipe', 'inherit'],
        });
      // The second message is sent once the line stands in the record of the screen.
      const text = shown(
        'for turn in $(seq 300); do grep -q "line 1," screen && break; sleep 0.1; done',
        run,
      );
      match(text, /\rplugboard: line 1, \d+ s/);
      // The last line is overwritten with blanks.
      match(text, /\r +\r$/);
      is(shown('sleep 1', `${run} -q`), '');
      is(shown('sleep 1', run, { CI: 'true' }), '');
      is(shown('sleep 1', `${run} 2>&1 | cat`), '');
    });
  });
});
