export type { Recorder } from '../host/tap.ts';
export { type EmitTestOptions, emitTest } from './emit-test.ts';
export type { Untellable } from './format.ts';
export type { RecorderOptions, ReplayOptions } from './options.ts';
export type { Divergence } from './player.ts';
export { createRecorder } from './recorder.ts';
export type { Difference, ReplayedCall, ReplayReport } from './replay.ts';
