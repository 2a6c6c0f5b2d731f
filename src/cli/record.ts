import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Recorder } from '../audit/node.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { unwritable } from './files.ts';
import { writeStderr } from './stdio.ts';

export const RECORD_OPTIONS = {
  record: {
    value: 'FILE',
    heading: 'Recording',
    help: 'write all that comes into the plugin from outside to this file, for\n"plugboard replay"; the other nodes of a graph go to NAME-2, NAME-3.\nOnly recordings are replaced',
  },
  'record-on-failure': {
    value: 'FILE',
    not: ['record'],
    help: 'as --record, but only the last call that fails; no file if none does',
  },
} as const satisfies Record<string, Option>;

export interface FileRecorder {
  recorder: Recorder;
  /** Writes the recording. @throws {CliError} FILE */
  close(): void;
}

/** The files for `noteOutputs`. */
export const recordingFiles = (values: Values<typeof RECORD_OPTIONS>) => [
  { name: '--record', path: values.record },
  { name: '--record-on-failure', path: values['record-on-failure'] },
];

/**
 * Makes the recorder of `--record` or `--record-on-failure`; undefined without both.
 * @param isOfGraph whether there may be several recordings
 * @throws {CliError} FILE
 */
export async function openRecorder(
  values: Values<typeof RECORD_OPTIONS>,
  isOfGraph = false,
): Promise<FileRecorder | undefined> {
  const { record, 'record-on-failure': onFailure } = values;
  const path = record ?? onFailure;
  if (path === undefined) return undefined;
  refuseUnwritable(path);
  for (const file of [path, ...(isOfGraph ? numberedFiles(path) : [])]) checkReplaceable(file);
  const { createRecorder } = await import('../audit/node.ts');
  const recorder = createRecorder({
    record: record === undefined ? 'on-failure' : 'all',
    onUntellable: ({ code, message }) => writeStderr('recording', `${code}: ${message}`),
  });
  return {
    recorder,
    close: () => {
      const all = recorder.recordings();
      if (all.length === 0 && record !== undefined)
        writeStderr('recording', `${path} is not written: no call was made`);
      // A graph has a plugin for each actor, and a reload makes a new one. A plugin that was asked for its metadata only validated a module.
      const used = all.filter(isUsed);
      for (const [index, text] of (used.length > 0 ? used : all).entries())
        write(index === 0 ? path : numbered(path, index + 1), text);
    },
  };
}

/** Whether a plugin was called for more than its metadata. */
function isUsed(recording: string): boolean {
  const { calls } = JSON.parse(recording) as { calls: { export: string | null; error: unknown }[] };
  return calls.some(call => (call.export !== null && call.export !== 'get_metadata') || call.error);
}

function write(file: string, text: string): void {
  // It may have come while the plugins ran.
  checkReplaceable(file);
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}

const START = '{"format":"plugboard-recording"';

/** Refuses a file that has other content than a recording. @throws {CliError} FILE */
function checkReplaceable(file: string): void {
  const start = Buffer.alloc(START.length);
  try {
    // A pipe would wait for a writer.
    if (!statSync(file).isFile()) return;
    const descriptor = openSync(file, 'r');
    try {
      if (readSync(descriptor, start) === 0) return;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It is missing, or is refused when it is written.
    return;
  }
  if (start.toString() !== START)
    throw new CliError(
      'FILE',
      `${file}: expected a recording or no file, got other content; it is left as it is`,
    );
}

/** Called before the plugin runs: its effects could not be recorded later. @throws {CliError} FILE */
function refuseUnwritable(path: string): void {
  if (existsSync(dirname(path)) && !existsSync(path)) return;
  try {
    closeSync(openSync(path, 'r+'));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** `a.pbrec` → `a-2.pbrec` */
const numbered = (path: string, number: number | string): string =>
  path.replace(/(\.[^./\\]*)?$/, ending => `-${number}${ending}`);

/** The files in the folder that have a name which a further recording may get. */
function numberedFiles(path: string): string[] {
  try {
    const all = readdirSync(dirname(path));
    const [start = '', end = ''] = numbered(basename(path), '\0').split('\0');
    const isNumber = (text: string) => /^[1-9]\d*$/.test(text);
    const mine = (name: string) =>
      name.startsWith(start) &&
      name.endsWith(end) &&
      isNumber(name.slice(start.length, name.length - end.length));
    return all.filter(mine).map(name => join(dirname(path), name));
  } catch {
    return [];
  }
}
