import { readFileSync } from 'node:fs';
import {
  createRecorder,
  createTrace,
  formatTraceEvent,
  type TraceEvent,
  type TraceFormat,
} from '../../src/audit/node.ts';
import { createPlugin, type PluginOptions } from '../../src/node.ts';
import { nodeHost } from '../helpers/node.ts';
import { type Run, runWorkload, type Workload } from './measure.ts';

// What does a call cost that is traced, in each format, or recorded? `on-failure` keeps the last call only, and is meant to be
// left on. The subject `reference` has neither: a trace takes the plugin off the accessors.

const INPUT = 'Hello, audit! '.repeat(20);

const PLUGINS: readonly [file: string, name: string, input: string][] = [
  ['vowels/vowels.wasm', 'count_vowels', INPUT],
  ['rust-pdk/rust_pdk.wasm', 'echo', INPUT],
];

/** Takes the lines, so that an engine does not leave out their making. */
const sink = { characters: 0 };

const tracing =
  (format: TraceFormat | null, values: 'none' | 'keyed' | 'all' = 'none') =>
  (): PluginOptions => {
    const onEvent = (event: TraceEvent) => {
      sink.characters += format === null ? 1 : formatTraceEvent(event, format).length;
    };
    return { trace: createTrace({ onEvent, values, maxEvents: Number.MAX_SAFE_INTEGER }) };
  };

const SUBJECTS: Readonly<Record<string, () => PluginOptions>> = {
  'record on-failure': () => ({ record: createRecorder() }),
  accessors: () => ({}),
  reference: () => ({ kernel: 'reference' }),
  'trace, events': tracing(null),
  'trace, jsonl': tracing('jsonl'),
  'trace, text': tracing('text'),
  'trace, chrome': tracing('chrome'),
  'trace, keyed': tracing('jsonl', 'keyed'),
  'trace, all': tracing('jsonl', 'all'),
};

const HOST = { 'extism:host/user': { shout: () => 0n, notify: () => {} } };

const calling =
  (file: string, name: string, input: string, options: () => PluginOptions) => async (): Promise<Run> => {
    const bytes = new Uint8Array(readFileSync(nodeHost.path(`fixtures/${file}`)));
    const plugin = await createPlugin(bytes, { functions: HOST, ...options() });
    return () => plugin.call(name, input);
  };

const workloads = PLUGINS.map(([file, name, input]): Workload => {
  const subjects = Object.entries(SUBJECTS).map(([subject, options]) => ({
    name: subject,
    make: calling(file, name, input, options),
  }));
  return { name: `${file.split('/')[0]} ${name}, ${input.length} B`, subjects };
});

await runWorkload(workloads);
