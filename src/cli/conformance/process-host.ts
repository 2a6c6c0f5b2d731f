import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Folders } from '../../conformance/case.ts';
import {
  type AnswerHostCall,
  type Host,
  HostLost,
  type HostValue,
  Refused,
  type Scenario,
  type Seen,
  type Session,
} from '../../conformance/host.ts';
import { messageOf } from '../../errors.ts';
import { readFolders, writeFolders } from './disk-folders.ts';
import {
  type CallAnswer,
  fromBase64,
  fromWire,
  readCalled,
  readCommand,
  readHello,
  readOk,
  readOpened,
  type WireValue,
} from './lines.ts';
import { serve } from './serve.ts';

// A host in a process of its own, which speaks JSON Lines over stdin and stdout. The README of the cases has the protocol.

/** An output of 64 MiB in base64, and more. */
const MOST_LINE_CHARS = 2 ** 27;
const MOST_WAIT_MS = 2 ** 31 - 1;

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const toWire = (value: HostValue): WireValue =>
  value instanceof Uint8Array ? { bytes: toBase64(value) } : { number: String(value) };

/** Hosts that run. Each has a process group of its own, which gets no signal of the terminal. */
const running = new Set<Conversation>();
const endAll = () => {
  for (const talk of running) talk.kill();
};
let isEnding = false;
/** Lets hosts end with this process. */
function endWithProcess(): void {
  if (isEnding) return;
  isEnding = true;
  process.once('exit', endAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      endAll();
      process.kill(process.pid, signal);
    });
}

/** One run of the host's program. */
class Conversation {
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;
  #unread = '';
  #wake: (() => void) | null = null;
  #end: string | null = null;
  #lastErrors = '';

  constructor([program = '', ...args]: readonly string[], timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    endWithProcess();
    // A group of its own, so that its own processes end with it.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    running.add(this);
    const over = (why: string) => {
      this.#end ??= why;
      this.#wake?.();
    };
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#unread += text;
      if (this.#unread.length > MOST_LINE_CHARS) {
        over(`the host wrote more than ${MOST_LINE_CHARS} characters in one line`);
        this.kill();
        this.#unread = '';
      } else if (text.includes('\n')) this.#wake?.();
    });
    this.#child.stderr!.on('data', (data: Buffer) => {
      this.#lastErrors = (this.#lastErrors + data.toString()).slice(-500);
    });
    this.#child.on('error', error => over(`${program} cannot be started: ${messageOf(error)}`));
    // The end of a pipe whose program has gone is told by `close`.
    this.#child.stdin!.on('error', () => {});
    this.#child.on('close', (code, signal) =>
      over(signal ? `the host was ended by ${signal}` : `the host ended with code ${code}`),
    );
  }

  get isOver(): boolean {
    return this.#end !== null;
  }

  /** Returns the time at which an answer that is asked for now is late. */
  deadline(): number {
    return performance.now() + this.#timeoutMs;
  }

  /** Sends a message, and reads the answer. @throws {HostLost} */
  async ask<T>(message: object, read: (json: unknown) => T, deadlineMs = this.deadline()): Promise<T> {
    if (this.#unread !== '')
      throw this.#lost(`the host wrote a line that nobody asked for: ${this.#unread.slice(0, 200).trim()}`);
    this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
    return this.receive(read, deadlineMs);
  }

  /** Reads the next line of the host. @throws {HostLost} */
  async receive<T>(read: (json: unknown) => T, deadlineMs = this.deadline()): Promise<T> {
    const line = await this.#line(deadlineMs);
    const lost = (problem: string) => this.#lost(`${problem}; the host wrote ${line.slice(0, 200)}`);
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw lost('expected a line of JSON');
    }
    try {
      return read(json);
    } catch (error) {
      throw lost(messageOf(error));
    }
  }

  async #line(deadlineMs: number): Promise<string> {
    for (;;) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw this.#lost(`the host gave no answer within ${this.#timeoutMs} ms`);
      const end = this.#unread.indexOf('\n');
      if (end >= 0) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      if (this.#end !== null) throw this.#lost(this.#end);
      await new Promise<void>(done => {
        const timer = setTimeout(done, Math.min(leftMs, MOST_WAIT_MS));
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }

  #lost(why: string): HostLost {
    this.kill();
    return new HostLost(this.#lastErrors === '' ? why : `${why}; stderr: ${this.#lastErrors.trim()}`);
  }

  kill(): void {
    this.#end ??= 'the host was ended';
    running.delete(this);
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended already, or the system has none.
      this.#child.kill('SIGKILL');
    }
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }
}

function launch(command: readonly string[], timeoutMs: number): Conversation {
  try {
    return new Conversation(command, timeoutMs);
  } catch (error) {
    throw new HostLost(`${command[0]} cannot be started: ${messageOf(error)}`);
  }
}

/** @param folder the folder of the cases @throws {HostLost} when the program does not greet */
export async function processHost(
  command: readonly string[],
  folder: string,
  timeoutMs: number,
): Promise<Host> {
  const start = async () => {
    const made = launch(command, timeoutMs);
    return { made, hello: await made.receive(readHello) };
  };
  const first = await start();
  let current = first.made;
  const awake = async () => {
    if (current.isOver) current = (await start()).made;
    return current;
  };
  const { host: name, version, capabilities } = first.hello;
  return {
    name,
    version,
    capabilities: new Set(capabilities),
    serve,
    open: async (scenario, answer) => open(await awake(), scenario, answer, folder),
    command: async scenario => {
      const talk = await awake();
      const place = await makePlace(scenario.folders);
      try {
        const mounts = Object.entries(scenario.mounts).map(([to, from]) => [to, join(place, from)]);
        const command = {
          ...scenario,
          folders: undefined,
          path: resolve(folder, scenario.path),
          stdin: toBase64(scenario.stdin),
          mounts: Object.fromEntries(mounts) as object,
        };
        const { exitCode, stdout, stderr } = await talk.ask({ command }, readCommand);
        const folders = await readFolders(place, Object.keys(scenario.folders));
        return { exitCode, stdout: fromBase64(stdout ?? ''), stderr: fromBase64(stderr ?? ''), folders };
      } finally {
        await rm(place, { recursive: true, force: true });
      }
    },
    close: async () => current.kill(),
  };
}

/** Writes the folders of a case into a new folder of the system. */
async function makePlace(folders: Folders): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'conformance-'));
  await writeFolders(place, folders);
  return place;
}

async function open(
  talk: Conversation,
  scenario: Scenario,
  answer: AnswerHostCall,
  folder: string,
): Promise<Session> {
  const names = Object.keys(scenario.folders);
  const place = names.length > 0 ? await makePlace(scenario.folders) : null;
  const forget = async () => {
    if (place) await rm(place, { recursive: true, force: true });
  };
  const { allowed_paths, wasm, ...manifest } = scenario.manifest;
  // Without folders of a case, the paths are those of this machine.
  const pathOf = (from: string) => (place ? join(place, from) : resolve(from));
  const paths = Object.entries(allowed_paths ?? {}).map(([from, to]) =>
    from.startsWith('ro:') ? [`ro:${pathOf(from.slice(3))}`, to] : [pathOf(from), to],
  );
  const whole = {
    ...manifest,
    wasm: wasm.map(module => ({ ...module, path: resolve(folder, module.path) })),
    ...(allowed_paths && { allowed_paths: Object.fromEntries(paths) as object }),
  };
  try {
    const refused = await talk.ask(
      { open: { ...scenario, folders: undefined, manifest: whole } },
      readOpened,
    );
    if (refused) throw new Refused(refused);
  } catch (error) {
    await forget();
    throw error;
  }
  return {
    async call(name, input) {
      const deadlineMs = talk.deadline();
      let message: object = { call: { function: name, input: toBase64(input) } };
      for (;;) {
        const got = await talk.ask(message, json => readCalled(json, scenario.hostFunctions), deadlineMs);
        if (!('hostCall' in got)) return seenOf(got);
        const given = answer(got.hostCall, got.hostCall.arguments.map(fromWire));
        message = 'value' in given ? { value: given.value === null ? null : toWire(given.value) } : given;
      }
    },
    foldersAfter: () => (place ? readFolders(place, names) : Promise.resolve({})),
    async close() {
      try {
        if (!talk.isOver) await talk.ask({ close: true }, json => readOk(json));
      } finally {
        await forget();
      }
    },
  };
}

const linesOf = (text: string | null | undefined): string[] => {
  const lines = Buffer.from(text ?? '', 'base64')
    .toString()
    .replaceAll('\r\n', '\n')
    .split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

const seenOf = ({ output, error, logs, stdout, stderr }: CallAnswer): Seen => ({
  output: output == null ? null : fromBase64(output),
  error: error ?? null,
  logs: logs ?? [],
  stdout: linesOf(stdout),
  stderr: linesOf(stderr),
});
