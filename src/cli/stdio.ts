import { excerpt } from '../errors.ts';
import { hasCode } from '../platform/system-error.ts';
import { printable } from '../values/printable.ts';
import { CliError } from './errors.ts';
import { clearProgress } from './progress.ts';

export const LINE_FEED = 0x0a;

/** All of stdin. */
export async function readStdin(): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Yields the lines of stdin as they come, without line feeds. Text after the last line feed is a line too, if not empty. */
export async function* stdinLines(): AsyncGenerator<Uint8Array, void, undefined> {
  let pieces: Uint8Array[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]);
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length) yield Buffer.concat(pieces);
}

/** Whether a line has only the white space of JSON. */
export const isBlank = (line: Uint8Array): boolean => line.every(byte => [0x20, 0x09, 0x0d].includes(byte));

/** The reader of stdout has closed the pipe, as `head` does. Not an error: the program ends without a message. */
export class OutputClosed extends Error {}

/** Resolves when the reader has room for more. @throws {OutputClosed} */
export function writeStdout(text: string | Uint8Array): Promise<void> {
  clearProgress();
  return new Promise((resolve, reject) => {
    process.stdout.write(text, error => {
      if (!error) resolve();
      else if (hasCode(error, 'EPIPE')) reject(new OutputClosed());
      else reject(new CliError('FILE', `stdout: ${error.message}`, { cause: error }));
    });
  });
}

/** Writes lines of text to stdout. Names of a plugin may stand in them, so that each line is escaped. */
export const writeLines = (lines: readonly string[]): Promise<void> =>
  writeStdout(`${lines.map(printable).join('\n')}\n`);

/** Writes a line to stdout without waiting for the reader. */
export function printLine(line: string): void {
  clearProgress();
  process.stdout.write(`${line}\n`);
}

/** An escaped character takes six, and V8 cannot hold a string of 2^29 characters. */
const MAX_PRINTED_CHARACTERS = 2 ** 24;

/** Writes one entry. Lines after its first are indented, so that only the start of an entry has a prefix. */
export function writeStderr(prefix: string, text: string): void {
  const lines = excerpt(text, MAX_PRINTED_CHARACTERS).replace(/\n+$/, '').split('\n');
  clearProgress();
  process.stderr.write(`${printable(prefix)}: ${lines.map(printable).join('\n  ')}\n`);
}

/** Prevents the stack trace with which a closed pipe ends the process. The callback of each write still gets the error. */
export function ignoreClosedPipes(): void {
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
}
