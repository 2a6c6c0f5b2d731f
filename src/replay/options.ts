import { bytesOf, isModule } from '../../wasi/brands.ts';
import {
  aCount,
  aFlag,
  aFunction,
  expected,
  type Kind,
  type OptionTable,
  oneOf,
  orNull,
} from '../../wasi/options.ts';
import { AUDIT_LIMITS } from '../limits.ts';
import { withCommas } from '../units.ts';
import type { Untellable } from './format.ts';

export interface RecorderOptions {
  /** `on-failure`: the last call of each plugin, kept only if it fails. `all`: all calls. Default: `on-failure`. */
  record?: 'on-failure' | 'all' | undefined;
  /** Gets each recording of a call that failed, with `on-failure`, as the text of a file. */
  onRecording?: ((recording: string) => void) | undefined;
  /** Gets each fact that a replay will not repeat, when it happens. */
  onUntellable?: ((fact: Untellable) => void) | undefined;
  /** The most bytes of the answers that are kept for one plugin. A call that takes more is not recorded, nor are those after it. Default: 64 MiB. */
  maxBytes?: number | undefined;
  /** Puts the modules into the recording, so that it replays without another file. Default: true. */
  modules?: boolean | undefined;
  /** Hashes memories and globals after each call, for `verify: 'memory'`. Default: false. */
  memory?: boolean | undefined;
}

export const RECORDER_OPTIONS: OptionTable<RecorderOptions> = {
  of: 'createRecorder(options)',
  rows: {
    record: { ...oneOf(['on-failure', 'all']), default: 'on-failure' },
    onRecording: { ...aFunction, default: 'none; `recordings` returns them' },
    onUntellable: { ...aFunction, default: 'they stand in the recording' },
    maxBytes: { ...aCount('bytes'), default: withCommas(AUDIT_LIMITS.recordingBytes.default) },
    modules: { ...aFlag, default: 'true' },
    memory: { ...aFlag, default: 'false' },
  },
};

export interface ReplayOptions {
  /** Bytes of another build of the main module. Default: the modules of the recording. */
  wasm?: Uint8Array | WebAssembly.Module | undefined;
  /** `memory` also compares the memories and globals after each call, if the recording has their hashes. Default: `outcome`. */
  verify?: 'outcome' | 'memory' | undefined;
  /** Time limit of each call in milliseconds; null for none. Default: 10,000. */
  timeoutMs?: number | null | undefined;
  /** Runs the plugin in a worker, as `runInWorker` of `createPlugin`. `memory` then compares the kernel memory alone. Default: false. */
  runInWorker?: boolean | undefined;
}

const BYTES_OR_MODULE = 'bytes, or a WebAssembly.Module';
const aWasm: Kind<Uint8Array | WebAssembly.Module> = {
  type: BYTES_OR_MODULE,
  check: (value, where, refuse) =>
    isModule(value) ? value : (bytesOf(value)?.slice() ?? refuse(expected(BYTES_OR_MODULE, value, where))),
};

export const REPLAY_OPTIONS: OptionTable<ReplayOptions> = {
  of: 'replay(recording, options)',
  rows: {
    wasm: { ...aWasm, default: 'the modules of the recording' },
    verify: { ...oneOf(['outcome', 'memory']), default: 'outcome' },
    timeoutMs: { ...orNull(aCount('milliseconds', 1)), default: withCommas(AUDIT_LIMITS.replayMs.default) },
    runInWorker: { ...aFlag, default: 'false' },
  },
  hints: {
    functions: 'host functions are answered from the recording',
    allowedHosts: 'HTTP is answered from the recording',
    allowedPaths: 'files are answered from the recording',
  },
};
