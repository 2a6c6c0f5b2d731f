import {
  aFlag,
  aFunction,
  anArray,
  anything,
  aRecord,
  aSignal,
  aText,
  isPlain,
  kind,
  type OptionTable,
  orNull,
  readOptions,
} from '../../wasi/options.ts';
import { NODE_ROWS, type NodeOptions } from '../actor/config/actor-config.ts';
import { refuseOption } from '../actor/errors.ts';
import { type LoaderOptions, readLoaderOptions } from '../actor/module-loader.ts';
import { ownSignal } from '../values/own.ts';
import { type Component, type ReadComponent, type Runnable, readComponent } from './component.ts';
import { BOUND_ROWS, type BoundOptions } from './engine/bounds.ts';
import { type LastingEngine, makers } from './engine/lasting.ts';
import type { NetworkListener } from './events.ts';

export interface NetworkOptions extends Pick<NodeOptions, 'environment' | 'allowedEnv'>, BoundOptions {
  /** The components of the graph by name: modules, functions, classes and graphs. */
  components?: { readonly [name: string]: Component } | undefined;
  /** Options of all WASM actors, as `ModuleLoader` takes them. */
  actors?: LoaderOptions | undefined;
  /**
   * Folders from which nodes of the component `ExtismActor` may take their `plugin_path`. Links are followed first. Default: none.
   */
  pluginFolders?: readonly string[] | undefined;
  /** The folder of the graph file, from which a relative `plugin_path` starts. Default: the current folder. */
  graphFolder?: string | undefined;
  /** Keeps packets and states beyond the end of the process, such as a `JournalEngine` or a `NatsEngine`. Default: in memory. */
  engine?: LastingEngine | undefined;
  /** Stops the network at once. */
  signal?: AbortSignal | undefined;
  /** Receives tolerated faults, such as a listener that throws; those of WASM actors too. Default: as in `actors`. */
  onDiagnostic?: LoaderOptions['onDiagnostic'];
  /** Called with all events. */
  onEvent?: NetworkListener | undefined;
}

const anEngine = kind<LastingEngine>('a JournalEngine or NatsEngine', value => makers.has(Object(value)));

export const NETWORK_OPTIONS: OptionTable<NetworkOptions> = {
  of: 'Network.create(graph, options)',
  rows: {
    components: {
      ...orNull(aRecord(anything, 'component')),
      type: 'an object of component → {source}, {graph}, a function or a class',
      default: 'none',
      grants: 'a place in the graph',
    },
    actors: { ...orNull(kind<LoaderOptions>('an object', isPlain)), default: 'empty' },
    ...NODE_ROWS,
    pluginFolders: {
      ...orNull(anArray(aText)),
      default: 'none',
      where: 'Node, Deno, Bun',
      grants: 'the modules in these folders, by plugin_path of a node',
    },
    graphFolder: { ...orNull(aText), default: 'the current folder', where: 'Node, Deno, Bun' },
    ...BOUND_ROWS,
    engine: { ...orNull(anEngine), default: 'none: in memory' },
    signal: {
      ...orNull({ ...aSignal, check: (...given) => ownSignal(aSignal.check(...given)) }),
      default: 'none',
    },
    onDiagnostic: { ...aFunction, default: 'as in actors' },
    onEvent: { ...aFunction, default: 'none' },
  },
};

export interface SubscribeOptions {
  /** Whether `step` events have the packet that the node processed, and those that it sent. Default: no. */
  packets?: boolean | undefined;
}

export const SUBSCRIBE_OPTIONS: OptionTable<SubscribeOptions> = {
  of: 'network.subscribe(listener, options)',
  rows: { packets: { ...aFlag, default: 'false' } },
};

/** Options that were checked. */
export interface NetworkSettings extends Omit<NetworkOptions, 'components'> {
  /** Nodes of Reflow's form `ExtismActor` have components of their own here, by their ids. */
  readonly components: Map<string, ReadComponent>;
  /** The functions and instances of classes of nodes, by their ids. */
  readonly runnables: Map<string, Runnable>;
  readonly actors: LoaderOptions;
}

/** @throws {ActorError} INVALID_CONFIG; {CreateError} INVALID_OPTION for a wrong value in `actors` */
export function readNetworkOptions(given: unknown): NetworkSettings {
  const {
    components = {},
    actors = {},
    ...options
  } = readOptions(NETWORK_OPTIONS, given, 'Network', refuseOption);
  const loader = readLoaderOptions(actors, 'Network: actors');
  return {
    ...options,
    runnables: new Map(),
    actors: { ...loader, onDiagnostic: loader.onDiagnostic ?? options.onDiagnostic },
    components: new Map(
      Object.entries(components).map(([name, component]) => [name, readComponent(component, name)]),
    ),
  };
}
