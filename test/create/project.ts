import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kind, LANGUAGES, type LanguageName } from '../../create-plugboard/src/languages.ts';
import { runNative, type Scenario } from '../native/native.ts';
import { expect } from '../package/checks.ts';
import type { Toolchain } from '../package/toolchains.ts';

/** Output of `npm start`, which differs between no two languages. */
const START: Readonly<Record<Kind, string>> = {
  plugin: '{"count":3}\n',
  actor: '{"total":{"type":"Integer","data":40}}\n{"total":{"type":"Integer","data":42}}\n',
};

/** Lines of `npm run dev` before the change below, and after it. The state of the actor stays: 42 + 2 × 40, then + 2 × 2. */
const DEV: Readonly<Record<Kind, { before: string; after: string }>> = {
  plugin: { before: '{"count":3}', after: '{"count":6}' },
  actor: { before: 'state: {"total":42}', after: 'state: {"total":126}' },
};

/** A change of the sources of each template. */
const CHANGES: Readonly<Record<Kind, Record<string, { file: string; from: string; to: string }>>> = {
  plugin: {
    rust: { file: 'src/lib.rs', from: '"aeiouAEIOU"', to: '"aeiouAEIOUl"' },
    go: { file: 'main.go', from: '"aeiouAEIOU"', to: '"aeiouAEIOUl"' },
    assemblyscript: { file: 'assembly/index.ts', from: "'aeiouAEIOU'", to: "'aeiouAEIOUl'" },
  },
  actor: {
    rust: { file: 'src/lib.rs', from: '.checked_add(number)', to: '.checked_add(2 * number)' },
    go: { file: 'main.go', from: 'before + number', to: 'before + 2*number' },
    assemblyscript: { file: 'assembly/total.ts', from: 'before + number', to: 'before + 2 * number' },
  },
};

/** The host functions of actors. */
const ACTOR_FUNCTIONS: Scenario['functions'] = [
  { name: '__send_output', params: 1, results: 0 },
  { name: '__get_state', params: 1, results: 1 },
  { name: '__set_state', params: 2, results: 0 },
].map(row => ({ namespace: 'extism:host/user', returns: null, ...row }));

/** The input of an actor's call, and its result under a native host that has no Reflow. */
const CONTEXT = {
  payload: { number: { type: 'Integer', data: 5 } },
  config: { node_id: 'n', component: 'c', resolved_env: {}, config: { start: 10 }, namespace: null },
  state: {},
};
const RESULT = { outputs: { total: { type: 'Integer', data: 15 } }, state: { total: 15 } };

const WAITS = 'waiting for a change\n';
const MOST_MS = 10 * 60_000;

export type Times = Partial<
  Record<'create' | 'install' | 'build' | 'test' | 'start' | 'reload' | 'bytes', number>
>;

/** A created project, and the times of its commands. */
export class Project {
  readonly times: Times = {};
  readonly folder: string;
  readonly #kind: Kind;
  readonly #language: LanguageName;
  readonly #env: Toolchain;

  constructor(folder: string, kind: Kind, language: LanguageName, env: Toolchain) {
    this.folder = folder;
    this.#kind = kind;
    this.#language = language;
    this.#env = env;
  }

  get #wasm(): string {
    const name = this.folder.slice(this.folder.lastIndexOf('my-'));
    const path = LANGUAGES[this.#language].wasm;
    return path.replace('{{name}}', name).replace('{{crate}}', name.replaceAll('-', '_'));
  }

  time(key: keyof Times, body: () => unknown): void {
    const startMs = performance.now();
    body();
    this.times[key] = performance.now() - startMs;
  }

  /** Runs a program in the folder, and returns its stdout. */
  run(program: string, args: readonly string[], env: Toolchain = {}): string {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', ...this.#env, ...env },
      timeout: MOST_MS,
    });
    const told = `${program} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}\n${stdout}${stderr}`;
    expect(status === 0, told);
    return stdout;
  }

  npm(...args: string[]): string {
    const cli = process.env.npm_execpath;
    return cli ? this.run(process.execPath, [cli, ...args]) : this.run('npm', args);
  }

  checkFormat(): void {
    if (this.#language === 'rust')
      this.run('cargo', ['fmt', '--check', '--package', this.folder.slice(this.folder.lastIndexOf('my-'))]);
    if (LANGUAGES[this.#language].folder === 'go') {
      const files =
        this.#kind === 'plugin' ? ['main.go', 'vowels.go', 'vowels_test.go'] : ['main.go', 'main_test.go'];
      const unformatted = this.run('gofmt', ['-l', ...files]);
      expect(unformatted === '', `gofmt changes ${unformatted}`);
    }
  }

  checkStart(): void {
    const printed = this.npm('start', '--silent');
    expect(printed.endsWith(START[this.#kind]), `expected ${START[this.#kind]}, got ${printed}`);
    this.times.bytes = readFileSync(join(this.folder, this.#wasm)).length;
  }

  /** @throws {Unavailable} without Python or its packages */
  checkNative(): void {
    const isActor = this.#kind === 'actor';
    const input = isActor ? JSON.stringify(CONTEXT) : 'Hello, World!';
    const scenario: Scenario = {
      manifest: { wasm: [{ data: readFileSync(join(this.folder, this.#wasm)).toString('base64') }] },
      wasi: true,
      logLevel: 'off',
      functions: isActor ? ACTOR_FUNCTIONS : [],
      calls: [{ name: isActor ? 'process' : 'count_vowels', input: Buffer.from(input).toString('base64') }],
    };
    const [native] = runNative([scenario]);
    const [result] = native?.results ?? [];
    const output = result && 'output' in result ? Buffer.from(result.output ?? '', 'base64').toString() : '';
    const expected = isActor ? RESULT : { count: 3 };
    const isSame = output !== '' && sortedJson(JSON.parse(output)) === sortedJson(expected);
    expect(isSame, `expected ${JSON.stringify(expected)}, got ${output || JSON.stringify(native)}`);
  }

  /** Starts `npm run dev`, breaks a source, changes it, and waits for the result of the changed code. */
  async checkDev(): Promise<void> {
    const { before, after } = DEV[this.#kind];
    const { file, from, to } = CHANGES[this.#kind][LANGUAGES[this.#language].folder]!;
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    expect(text.includes(from), `${file}: no ${from}`);
    const child = spawn(process.execPath, ['scripts/dev.mjs'], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', ...this.#env },
    });
    try {
      const first = await untilWaiting(child);
      expect(first.includes(before), `before the change, expected ${before}, got\n${first}`);
      writeFileSync(path, `${text}\n)\n`);
      const broken = await untilWaiting(child);
      expect(broken.includes('-- not built after'), `for wrong syntax, expected an error, got\n${broken}`);
      const startMs = performance.now();
      writeFileSync(path, text.replace(from, to));
      const second = await untilWaiting(child);
      this.times.reload = performance.now() - startMs;
      expect(second.includes(after), `after the change, expected ${after}, got\n${second}`);
    } finally {
      child.kill();
    }
  }
}

/** Resolves with the output of the child from now on, until it waits for a change. */
function untilWaiting(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (problem?: string) => {
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream?.removeAllListeners('data');
      child.removeAllListeners('exit');
      if (problem === undefined) resolve(text);
      else reject(new Error(`${problem}\n${text}`));
    };
    const timer = setTimeout(() => end(`not ready within ${MOST_MS} ms`), MOST_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => {
        text += String(chunk);
        if (text.includes(WAITS)) end();
      });
    }
    child.on('exit', code => end(`npm run dev ended with ${code}`));
  });
}

/** JSON whose keys are in order. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1)))
      : item,
  );

/** Checks that a Go project without TinyGo has: types with the tag of TinyGo, tests on this machine, format. */
export function checkUnbuilt(project: Project): void {
  project.run('go', ['vet', '-tags', 'tinygo', '.'], { GOOS: 'wasip1', GOARCH: 'wasm' });
  project.run('go', ['test', '.']);
  project.checkFormat();
}
