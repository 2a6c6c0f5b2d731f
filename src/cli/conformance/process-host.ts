import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Folders } from '../../conformance/case.ts';
import {
  type AnswerHostCall,
  type Host,
  HostLost,
  type HostValue,
  Refused,
  type Scenario,
  type Seen,
  type SeenError,
  type Session,
} from '../../conformance/host.ts';
import { messageOf } from '../../errors.ts';
import { readFolders, writeFolders } from './disk-folders.ts';
import { serve } from './serve.ts';

// A host in a process of its own, which speaks JSON Lines over stdin and stdout. The README of the cases has the protocol.

const PROTOCOL = 1;

type WireValue = { bytes: string } | { number: string };
interface Hello {
  protocol: number;
  host: string;
  version: string;
  capabilities: string[];
}
interface CallAnswer {
  output?: string | null;
  error?: SeenError | null;
  logs?: { level: string; text: string }[];
  stdout?: string;
  stderr?: string;
}
type Answer = Hello &
  CallAnswer & {
    refused?: SeenError;
    hostCall?: { namespace: string; name: string; arguments: WireValue[] };
    exitCode?: number;
  };

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const fromWire = (value: WireValue): HostValue =>
  'bytes' in value ? fromBase64(value.bytes) : numberOf(value.number);
/** Integers beyond 2^53 stay exact. */
const numberOf = (text: string): number | bigint =>
  /^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text)) ? BigInt(text) : Number(text);
const toWire = (value: HostValue): WireValue =>
  value instanceof Uint8Array ? { bytes: toBase64(value) } : { number: String(value) };

/** One run of the host's program. */
class Conversation {
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;
  readonly #lines: string[] = [];
  #wake: (() => void) | null = null;
  #end: string | null = null;
  #lastErrors = '';

  constructor(command: readonly string[], timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    const [program = '', ...args] = command;
    // A group of its own, so that its own processes end with it.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    createInterface({ input: this.#child.stdout! }).on('line', line => {
      this.#lines.push(line);
      this.#wake?.();
    });
    this.#child.stderr!.on('data', (data: Buffer) => {
      this.#lastErrors = (this.#lastErrors + data.toString()).slice(-500);
    });
    const over = (why: string) => {
      this.#end ??= why;
      this.#wake?.();
    };
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

  send(message: object): void {
    this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  /** Returns the next line of the host. @throws {HostLost} */
  async receive(): Promise<Answer> {
    const deadline = Date.now() + this.#timeoutMs;
    while (this.#lines.length === 0) {
      const leftMs = deadline - Date.now();
      if (this.#end !== null) throw this.#lost(this.#end);
      if (leftMs <= 0) {
        this.kill();
        throw this.#lost(`the host gave no answer within ${this.#timeoutMs} ms`);
      }
      await new Promise<void>(done => {
        const timer = setTimeout(done, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    const line = this.#lines.shift()!;
    try {
      return JSON.parse(line) as Answer;
    } catch {
      this.kill();
      throw this.#lost(`the host wrote a line that is not JSON: ${line.slice(0, 200)}`);
    }
  }

  #lost(why: string): HostLost {
    return new HostLost(this.#lastErrors === '' ? why : `${why}; stderr: ${this.#lastErrors.trim()}`);
  }

  kill(): void {
    this.#end ??= 'the host was ended';
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

/** @param folder the folder of the cases @throws {HostLost} when the program does not greet */
export async function processHost(
  command: readonly string[],
  folder: string,
  timeoutMs: number,
): Promise<Host> {
  const start = async () => {
    const made = new Conversation(command, timeoutMs);
    const hello = await made.receive();
    if (hello.protocol !== PROTOCOL)
      throw new HostLost(`the host speaks protocol ${hello.protocol}, expected ${PROTOCOL}`);
    return { made, hello };
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
        talk.send({
          command: {
            ...scenario,
            folders: undefined,
            path: resolve(folder, scenario.path),
            stdin: toBase64(scenario.stdin),
            mounts: Object.fromEntries(mounts) as object,
          },
        });
        const { exitCode = -1, stdout = '', stderr = '' } = await talk.receive();
        const folders = await readFolders(place, Object.keys(scenario.folders));
        return { exitCode, stdout: fromBase64(stdout), stderr: fromBase64(stderr), folders };
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
  talk.send({ open: { ...scenario, folders: undefined, manifest: whole } });
  const { refused } = await talk.receive();
  if (refused) {
    await forget();
    throw new Refused(refused);
  }
  return {
    async call(name, input) {
      talk.send({ call: { function: name, input: toBase64(input) } });
      for (;;) {
        const got = await talk.receive();
        if (!got.hostCall) return seenOf(got);
        const given = answer(got.hostCall, got.hostCall.arguments.map(fromWire));
        talk.send('value' in given ? { value: given.value === null ? null : toWire(given.value) } : given);
      }
    },
    foldersAfter: () => (place ? readFolders(place, names) : Promise.resolve({})),
    async close() {
      if (!talk.isOver) {
        talk.send({ close: true });
        await talk.receive();
      }
      await forget();
    },
  };
}

const linesOf = (text: string | undefined): string[] => {
  const lines = Buffer.from(text ?? '', 'base64')
    .toString()
    .replaceAll('\r\n', '\n')
    .split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

const seenOf = ({ output, error, logs = [], stdout, stderr }: CallAnswer): Seen => ({
  output: output == null ? null : fromBase64(output),
  error: error ?? null,
  logs,
  stdout: linesOf(stdout),
  stderr: linesOf(stderr),
});
