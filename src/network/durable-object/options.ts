import {
  aRecord,
  aText,
  isPlain,
  type Kind,
  kind,
  type OptionTable,
  orNull,
  readOptions,
} from '../../../wasi/options.ts';
import { refuseOption } from '../../actor/errors.ts';
import { type NetworkOptions, readNetworkOptions } from '../network-options.ts';
import type { Forward } from './storage.ts';

export interface DurableNetworkOptions {
  /** Options of `Network.create`, such as `components`, but `engine`. */
  network?: Omit<NetworkOptions, 'engine'> | undefined;
  /** By outport: the object that gets its messages. Others wait for `read`. */
  forward?: { readonly [outport: string]: Forward } | undefined;
}

export const FORWARD: OptionTable<Forward> = {
  of: 'forward of durableNetwork',
  rows: {
    binding: { ...aText, default: 'none', required: true },
    name: {
      ...orNull(
        kind<NonNullable<Forward['name']>>('a string or a function', value =>
          ['string', 'function'].includes(typeof value),
        ),
      ),
      default: 'the name of this object',
    },
    port: { ...aText, default: 'none', required: true },
  },
};

const aWay: Kind<Forward> = {
  type: 'a binding, a name and a port',
  check: (value, where, refuse) => readOptions(FORWARD, value, where, refuse),
};

export const DURABLE_OPTIONS: OptionTable<DurableNetworkOptions> = {
  of: 'durableNetwork(Base, graph, options)',
  rows: {
    network: {
      ...orNull(kind<NonNullable<DurableNetworkOptions['network']>>('an object', isPlain)),
      default: 'empty',
    },
    forward: { ...orNull(aRecord(aWay, 'outport')), default: 'none' },
  },
};

export interface DurableSettings {
  readonly network: NetworkOptions;
  readonly forward: ReadonlyMap<string, Forward>;
}

/** @throws {ActorError} INVALID_CONFIG; errors of `Network.create` for wrong options in `network` */
export function readDurableOptions(options: unknown): DurableSettings {
  const { network = {}, forward = {} } = readOptions(
    DURABLE_OPTIONS,
    options,
    'durableNetwork',
    refuseOption,
  );
  const { engine } = readNetworkOptions(network);
  if (engine)
    refuseOption('durableNetwork.network.engine: expected none; the storage of the object is the engine');
  return { network, forward: new Map(Object.entries(forward)) };
}
