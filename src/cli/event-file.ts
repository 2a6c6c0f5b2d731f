import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { ActorEvent } from '../actor/index.ts';
import type { NetworkHappened } from '../network/index.ts';
import { stringify } from '../values/text.ts';
import { CliError } from './errors.ts';
import { unwritable } from './files.ts';
import { LINE_FEED } from './stdio.ts';

/** Longer than any first event of a run; a file of events begins with such an event. */
const FIRST_LINE_BYTES = 65_536;

/** A file of events, one a line. Each is written before the actor goes on, so that a killed program leaves all of them. */
export class EventFile {
  readonly #file: number;

  /** @throws {CliError} FILE for a file that cannot be written, or has other content */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'a+');
    } catch (error) {
      throw unwritable(path, error);
    }
    // Pipes and terminals have no earlier content to protect.
    const size = fstatSync(this.#file).isFile() ? fstatSync(this.#file).size : 0;
    if (size === 0) return;
    if (!beginsWithEvent(this.#read(0, FIRST_LINE_BYTES))) {
      this.close();
      const message =
        'expected a file of events, one JSON object a line, got other content; it is left as it is';
      throw new CliError('FILE', `${path}: ${message}`);
    }
    // A program that was killed may have left half a line.
    if (this.#read(size - 1, 1)[0] !== LINE_FEED) writeSync(this.#file, '\n');
  }

  write(event: ActorEvent | NetworkHappened): void {
    writeSync(this.#file, `${stringify(event)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(from: number, most: number): Uint8Array {
    const bytes = new Uint8Array(most);
    return bytes.subarray(0, readSync(this.#file, bytes, 0, most, from));
  }
}

function beginsWithEvent(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(LINE_FEED);
  const line = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  try {
    const event = JSON.parse(line) as Partial<ActorEvent & NetworkHappened> | null;
    const { type, actor, network, atMs } = event ?? {};
    return typeof type === 'string' && typeof (actor ?? network) === 'string' && typeof atMs === 'number';
  } catch {
    return false;
  }
}
