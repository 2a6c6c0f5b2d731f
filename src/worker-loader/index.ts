export { loadPlugin } from './load-plugin.ts';
export type { LoadedPlugin } from './loaded-plugin.ts';
export type {
  BytesSource,
  LoadedPluginLimits,
  LoadedPluginOptions,
  PluginSource,
  WorkerCode,
  WorkerLoader,
} from './options.ts';
