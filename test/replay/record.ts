import { createRecorder, type RecorderOptions, replay } from '../../src/audit/node.ts';
import { hostFunction, type PluginOptions, values } from '../../src/node.ts';
import { equal } from '../helpers/assert.ts';
import { createPlugin, type TestMode } from '../helpers/modes.ts';
import { traced } from '../trace/module.ts';

export const FUNCTIONS = {
  host: {
    shout: hostFunction({ params: [values.text], result: values.text }, (_, text) => text.toUpperCase()),
    add: (_: unknown, one: number, other: number) => one + other,
    secret: hostFunction({ params: [values.secret] }, () => {}),
  },
};

interface Given {
  options?: PluginOptions;
  recorder?: RecorderOptions;
  withHttp?: boolean;
}

/** Calls exports of a recorded plugin, and returns the recordings. */
export async function record(
  calls: readonly (readonly [name: string, input: string])[],
  { options = {}, recorder = { record: 'all' }, withHttp = false }: Given = {},
): Promise<string[]> {
  const made = createRecorder(recorder);
  const quiet = { logger: {}, logLevel: 'info', functions: FUNCTIONS } as const;
  const plugin = await createPlugin(traced(withHttp), { ...quiet, ...options, record: made });
  for (const [name, input] of calls) await plugin.call(name, input).catch(() => {});
  await plugin.close();
  return made.recordings();
}

export const replayIn = (mode: TestMode, recording: string) =>
  replay(recording, { runInWorker: mode === 'in a worker' });

export const isSame = async (recording: string, mode: TestMode = 'on this thread') => {
  const report = await replayIn(mode, recording);
  equal([report.divergence, report.differences, report.isSame], [null, [], true]);
  return report;
};

export const EACH = [
  'config',
  'tell',
  'log',
  'vars',
  'word',
  'free',
  'echo',
  'fail',
  'shout',
  'add',
  'write',
  'time',
  'random',
];
