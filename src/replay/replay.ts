import { isError, isModule } from '../../wasi/brands.ts';
import { readOptions, refuseExtra } from '../../wasi/options.ts';
import { createPlugin } from '../create.ts';
import { messageOf, PlugboardError } from '../errors.ts';
import { refuseOption } from '../given/option-keys.ts';
import type { PluginOptions } from '../given/options.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import { hexOfSha256, MAIN } from '../module/source.ts';
import type { Platform } from '../platform/types.ts';
import type { Plugin } from '../plugin.ts';
import type { RecordedCall, Recording, Untellable } from './format.ts';
import { REPLAY_OPTIONS, type ReplayOptions } from './options.ts';
import { type Divergence, Player, type Replayed } from './player.ts';
import { readRecording } from './read.ts';
import { describeValue, Hidden, isSame, shown, sizeOf } from './values.ts';

/** A part of the outcome of a call that is not the recorded one. */
export interface Difference {
  /** Number of the call in the recording, from 1, and its export; null for the start of an instance. */
  call: number;
  export: string | null;
  part: 'output' | 'error' | 'lines' | 'variables' | 'memory';
  recorded: string;
  now: string;
}

/** One call of a replay. */
export interface ReplayedCall {
  export: string | null;
  output: Uint8Array | null;
  error: { code: string; message: string } | null;
  lines: readonly string[];
}

/** The result of a replay. @experimental */
export interface ReplayReport {
  /** Whether all calls were replayed, each with the recorded outcome. */
  isSame: boolean;
  calls: readonly ReplayedCall[];
  /** The number of calls in the recording, starts of instances included. */
  recorded: number;
  /** Where the replay stopped; null if it reached the end. */
  divergence: Divergence | null;
  differences: readonly Difference[];
  /** Values in which secrets are masked: nothing is compared with them. */
  hidden: number;
  /** Facts of the recording that no replay repeats. */
  untellable: readonly Untellable[];
}

const WASM_PAGES = 65_536;
/** Memory that a module of a recording may grow by, if its settings name no limit: 1 GiB. */
const MAX_PAGES = 16_384;

/** Replays a recording on a platform. @throws {PlugboardError} INVALID_RECORDING, INVALID_OPTION, and as `createPlugin` */
export async function replayOn(
  platform: Platform,
  given: string | Uint8Array,
  options: ReplayOptions | undefined,
  extra: readonly unknown[],
): Promise<ReplayReport> {
  refuseExtra(extra, 'replay', refuseOption);
  const {
    wasm,
    verify,
    timeoutMs = AUDIT_LIMITS.replayMs.default,
    runInWorker = false,
  } = readOptions(REPLAY_OPTIONS, options, 'replay', refuseOption);
  const recording = readRecording(given);
  const hidden = countHidden(recording);
  const { modules, isSameBuild } = await modulesFor(platform, recording, wasm);
  // Masked secrets stand in the memories too.
  const hashes = verify === 'memory' && isSameBuild && hidden === 0;
  // The recorded outcomes fit in, and an allowance for another build.
  const maxBytes = sizeOf(recording) + AUDIT_LIMITS.recordingBytes.default;
  const player = new Player(recording, isSameBuild, hashes, maxBytes);
  const own = {
    ...optionsOf(recording, modules, timeoutMs, maxBytes),
    runInWorker,
    record: player,
    trace: player.trace,
  };
  const names = recording.calls.flatMap(call => (call.export === null ? [] : [call]));
  const plugin = await createPlugin(platform, { wasm: modules }, own as PluginOptions).catch(
    (error: unknown) => {
      if (isError(error) && 'code' in error && error.code === 'UNRESOLVED_IMPORTS')
        throw unanswered(error, wasm);
      // The start of an instance may fail in the recording too: then the player has seen it.
      if (player.replayed.length === 0) throw error;
      return null;
    },
  );
  try {
    for (const call of plugin ? names : []) {
      if (player.divergence) break;
      setVars(plugin!, call);
      const before = player.replayed.length;
      const error = await plugin!.call(call.export!, shown(call.input)).then(
        () => null,
        (thrown: PlugboardError) => thrown,
      );
      if (error && player.replayed.length === before) player.refused(call.export!, error);
    }
  } finally {
    await plugin?.close();
  }
  const { replayed, divergence } = player;
  const differences = replayed.flatMap((now, index) => {
    const call = recording.calls[index];
    return call && divergence?.call !== index + 1 ? compare(index + 1, call, now) : [];
  });
  return {
    isSame: divergence === null && differences.length === 0 && replayed.length === recording.calls.length,
    calls: replayed.map(({ output, error, lines }, index) => ({
      export: recording.calls[index]?.export ?? null,
      output,
      error,
      lines: lines.map(({ name, line }) => `${name}: ${shown(line)}`),
    })),
    recorded: recording.calls.length,
    divergence,
    differences,
    hidden,
    untellable: recording.untellable,
  };
}

/** Its advice is left out: a replay has no functions, and no modules to link. */
function unanswered(cause: Error, wasm: ReplayOptions['wasm']): PlugboardError {
  const names = cause.message
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(': ')[0]);
  const message = `nothing in the recording answers the imports ${names.join(', ')}`;
  return wasm === undefined
    ? new PlugboardError('INVALID_RECORDING', `recording: ${message}`, { cause })
    : new PlugboardError('INVALID_OPTION', `replay: wasm: ${message}; record this build anew`, { cause });
}

async function modulesFor(platform: Platform, recording: Recording, wasm: ReplayOptions['wasm']) {
  const isMain = (name: string) => name === MAIN || recording.modules.length === 1;
  const main = recording.modules.find(({ name }) => isMain(name));
  const given = wasm === undefined || isModule(wasm) ? undefined : wasm;
  const sha256 = given && (await hexOfSha256(platform, given as Uint8Array<ArrayBuffer>));
  const modules = recording.modules.map(({ name, wasm: kept }) => {
    const data = wasm !== undefined && isMain(name) ? wasm : kept && shown(kept);
    if (data) return isModule(data) ? { name, module: data } : { name, data };
    const message = `recording: the module "${name}" has no bytes in it; pass them as the option wasm`;
    throw new PlugboardError('INVALID_RECORDING', message);
  });
  return { modules, isSameBuild: wasm === undefined || isModule(wasm) || sha256 === main?.sha256 };
}

function optionsOf(
  { settings }: Recording,
  modules: readonly object[],
  timeoutMs: number | null | undefined,
  maxBytes: number,
) {
  const { maxKernelBytes, maxGrowthPages, maxVarBytes, limits } = settings;
  // A module that came compiled has a form that no limit can be added to.
  const isBytes = modules.every(module => !('module' in module));
  const maxPages = maxKernelBytes === null ? undefined : Math.floor(maxKernelBytes / WASM_PAGES);
  return {
    config: Object.fromEntries(settings.config.map(([name, value]) => [shown(name), shown(value)])),
    vars: Object.fromEntries(settings.vars.map(([name, value]) => [shown(name), shown(value)])),
    memory: {
      maxPages,
      max_pages: maxGrowthPages ?? (isBytes ? MAX_PAGES : undefined),
      maxVarBytes: Math.min(maxVarBytes, maxBytes),
    },
    // The functions are those of the player: only their names count.
    allowHttpResponseHeaders: settings.exposesHttpHeaders,
    useWasi: settings.useWasi,
    enableWasiOutput: false,
    logLevel: settings.logLevel,
    strict: settings.strict,
    limits,
    timeoutMs: isBytes ? timeoutMs : null,
    timeoutBy: 'checks',
    debug: () => {},
  };
}

function setVars(plugin: Plugin, { vars }: RecordedCall): void {
  if (!vars) return;
  try {
    for (const name of plugin.vars.keys()) plugin.setVar(name, null);
    for (const [name, value] of vars) plugin.setVar(shown(name), shown(value));
  } catch (cause) {
    throw new PlugboardError('INVALID_RECORDING', `recording: variables: ${messageOf(cause)}`, { cause });
  }
}

/** The codes of errors whose message is the plugin's own, and not that of an engine. */
const OWN_MESSAGES = ['PLUGIN_ERROR', 'EXIT', 'NONZERO_RESULT'];

function compare(number: number, call: RecordedCall, now: Replayed): Difference[] {
  const errorOf = (error: RecordedCall['error']) =>
    error && [error.code, OWN_MESSAGES.includes(error.code) ? error.message : null];
  const lines = (of: RecordedCall['lines']) => of.map(({ name, line }) => [name, line]);
  const parts: [Difference['part'], unknown, unknown][] = [
    ['output', call.output, now.output],
    ['error', errorOf(call.error), errorOf(now.error)],
    ['lines', lines(call.lines), lines(now.lines)],
    ['variables', call.varsAfter, now.vars],
    ['memory', common(call.memory, now.memory), common(now.memory, call.memory)],
  ];
  return parts.flatMap(([part, recorded, after]) =>
    isSame(recorded, after)
      ? []
      : [
          {
            call: number,
            export: call.export,
            part,
            recorded: describeValue(recorded),
            now: describeValue(after),
          },
        ],
  );
}

/** The hashes that both have: a plugin in a worker shows only its kernel memory. */
const common = (own: RecordedCall['memory'], other: RecordedCall['memory']) =>
  Object.fromEntries(Object.entries(own ?? {}).filter(([name]) => other && Object.hasOwn(other, name)));

function countHidden(value: unknown): number {
  if (value instanceof Hidden) return 1;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + countHidden(item), 0);
}
