import { writeFileSync } from 'node:fs';
import type { Recorder } from '../audit/node.ts';
import { reasonOf } from '../platform/system-error.ts';
import type { Option, Values } from './command.ts';
import { CliError } from './errors.ts';
import { writeStderr } from './stdio.ts';

export const RECORD_OPTIONS = {
  record: {
    value: 'FILE',
    heading: 'Recording',
    help: 'write everything that comes into the plugin from outside to this file, in place\nof an older one, for "plugboard replay"',
  },
  'record-on-failure': {
    value: 'FILE',
    help: 'as --record, but only the last call that fails; no file if none does',
  },
} as const satisfies Record<string, Option>;

export interface FileRecorder {
  recorder: Recorder;
  /** Writes the recording. @throws {CliError} FILE */
  close(): void;
}

/** The files for `refuseSharedFiles`. */
export const recordingFiles = (values: Values<typeof RECORD_OPTIONS>) => [
  { name: '--record', path: values.record, isWritten: true },
  { name: '--record-on-failure', path: values['record-on-failure'], isWritten: true },
];

/** Makes the recorder of `--record` or `--record-on-failure`; undefined without both. @throws {CliError} USAGE, FILE */
export async function openRecorder(values: Values<typeof RECORD_OPTIONS>): Promise<FileRecorder | undefined> {
  const { record, 'record-on-failure': onFailure } = values;
  if (record !== undefined && onFailure !== undefined)
    throw new CliError('USAGE', 'both --record and --record-on-failure are given; keep one');
  const path = record ?? onFailure;
  if (path === undefined) return undefined;
  const write = (file: string, text: string) => {
    try {
      writeFileSync(file, text);
    } catch (error) {
      throw new CliError('FILE', `${file}: ${reasonOf(error)}`, { cause: error });
    }
  };
  const { createRecorder } = await import('../audit/node.ts');
  const recorder = createRecorder({
    record: record === undefined ? 'on-failure' : 'all',
    onUntellable: ({ code, message }) => writeStderr('recording', `${code}: ${message}`),
  });
  return {
    recorder,
    close: () => {
      // A graph has a plugin for each actor, and a reload makes a new one.
      for (const [index, text] of recorder.recordings().entries())
        write(index === 0 ? path : numbered(path, index + 1), text);
    },
  };
}

/** `a.pbrec` → `a-2.pbrec` */
const numbered = (path: string, number: number): string =>
  path.replace(/(\.[^./\\]*)?$/, ending => `-${number}${ending}`);
