import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { joinContext } from '../../src/actor/engine/input.ts';
import { readResult } from '../../src/actor/engine/result.ts';
import { strictly } from '../../src/actor/errors.ts';
import { type JsonObject, type Packet, readJson, writeJson } from '../../src/actor/index.ts';
import { type Codec, jsonCodec } from '../../src/actor/message/codec.ts';
import { packetFromPlainJson, toPluginPacket } from '../../src/actor/message/wire.ts';
import { msgpack } from '../../src/msgpack/index.ts';
import { type Case, jsonText, packetText, toJson, toPacket } from '../helpers/cases.ts';
import { nativePython } from '../native/native.ts';

/** JSON text by key. */
type State = Record<string, string>;

interface Answer {
  code: number;
  error: string | null;
  output: string;
  state: State;
  /** JSON texts of the packets sent. */
  sent: string[];
}

/** Runs actors on Extism's native runtime, by the rules of Reflow's host. */
export class NativeHost {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  /** @throws {Unavailable} */
  constructor() {
    this.#child = spawn(nativePython(), ['test/sdk/driver.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  close(): void {
    this.#child.stdin.end();
  }

  /** Returns how the results differ from a case with packets. */
  async differences(wasm: Uint8Array, { actor = {}, process: steps = [] }: Case): Promise<string[]> {
    await this.#ask({ open: Buffer.from(wasm).toString('base64') });
    const metadata = await this.#call('get_metadata', new Uint8Array(), {});
    const isPacked = (readJson(metadata.output) as JsonObject).encoding === 'msgpack';
    const codec: Codec = isPacked ? msgpack : jsonCodec;
    const config = {
      node_id: 'node',
      component: 'Actor',
      resolved_env: actor.env ?? {},
      config: toJson(actor.config ?? {}),
      namespace: null,
    };
    let state = toState(toJson(actor.state ?? {}) as JsonObject);
    const found: string[] = [];
    for (const [index, step] of steps.entries()) {
      const context = joinContext(
        codec.write(toPluginPacket(toPacket(step.payload), [], 'plain'), ['payload']),
        codec.write(config, ['config']),
        codec.write(toObject(state), ['state']),
        codec,
      );
      const input = typeof context === 'string' ? new TextEncoder().encode(context) : context;
      const { error, sent, ...after } = await this.#call('process', input, state);
      const packets: Packet[] = sent.map(text => packetFromPlainJson(readJson(text) as JsonObject));
      state = after.state;
      if (error === null) {
        const result = readResult(after.output, strictly, codec);
        if (Object.keys(result.outputs).length > 0) packets.push(result.outputs);
        if (result.state) state = toState(result.state);
      }
      const compare = (name: string, actual: string, expected: string) => {
        if (actual !== expected) found.push(`packet ${index + 1}, ${name}: ${actual}, expected ${expected}`);
      };
      // Native has no codes of errors: its text is that of the plugin, or of its engine.
      if (step.error?.message === undefined) compare('fails', `${error !== null}`, `${!!step.error}`);
      else compare('error', `${error}`, step.error.message);
      compare('packets', packets.map(packetText).join(), step.packets.map(toPacket).map(packetText).join());
      if (step.state) compare('state', jsonText(toObject(state)), jsonText(toJson(step.state)));
    }
    return found;
  }

  async #call(name: string, input: Uint8Array, state: State) {
    const request = { call: name, input: Buffer.from(input).toString('base64'), state };
    const { code, error, output, ...rest } = (await this.#ask(request)) as Answer;
    const text = code === 0 ? error : (error ?? `Returned non-zero exit code: ${code}`);
    return { ...rest, error: text, output: new Uint8Array(Buffer.from(output, 'base64')) };
  }

  async #ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the driver of the native runtime ended');
    return JSON.parse(value);
  }
}

const toState = (json: JsonObject): State =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [key, writeJson(value)]));

const toObject = (state: State): JsonObject =>
  readJson(
    `{${Object.entries(state)
      .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
      .join()}}`,
  ) as JsonObject;
