import { aCount, aFlag, aFunction, kind, type OptionTable, readOptions } from '../../../wasi/options.ts';
import { refuseOption } from '../../actor/errors.ts';

export interface NatsEngineOptions {
  /** Name of the network on the server: letters, digits, `_` and `-`, 64 at most. Default: the name of the graph. */
  name?: string | undefined;
  /**
   * Time after which another worker takes over from one that has died. At least twice `timeoutMs` of each module: a call blocks the
   * renewal. Default: 10,000.
   */
  leaseMs?: number | undefined;
  /** Servers of a cluster that keep each message, for streams that are not there yet. Default: 1. */
  replicas?: 1 | 3 | 5 | undefined;
  /** Whether inports take messages of the subjects `pb.NAME.in.PORT`, and outports send to `pb.NAME.out.PORT`. Default: no. */
  exposed?: boolean | undefined;
  /**
   * Whether the workers share the nodes, which then run on several machines. Messages come and go by the subjects of `exposed`; `call`,
   * `accept` and `drain` are refused. Default: one worker runs all nodes.
   */
  spread?: boolean | undefined;
  /** With `spread`, the nodes that this worker may run. Default: all. */
  nodes?: readonly string[] | undefined;
  /** Called with a sentence when the streams may lose messages that were acknowledged, and when the server does not answer. Default: `console.warn`. */
  onWarning?: ((message: string) => void) | undefined;
}

export const LEAST_LEASE_MS = 2000;
export const NAME = /^[\w-]{1,64}$/;

export const NATS_OPTIONS: OptionTable<NatsEngineOptions> = {
  of: 'new NatsEngine(connection, options)',
  nullIsLeftOut: true,
  rows: {
    name: {
      ...kind<string>(
        'a name of 1 to 64 letters, digits, _ and -',
        value => typeof value === 'string' && NAME.test(value),
      ),
      default: 'the name of the graph',
    },
    leaseMs: { ...aCount('milliseconds', LEAST_LEASE_MS), default: '10,000' },
    replicas: {
      ...kind<1 | 3 | 5>('1, 3 or 5', value => value === 1 || value === 3 || value === 5),
      default: '1',
    },
    exposed: { ...aFlag, default: 'false' },
    spread: { ...aFlag, default: 'false' },
    nodes: {
      ...kind<readonly string[]>('a list of ids of nodes', value => {
        return Array.isArray(value) && value.every(id => typeof id === 'string');
      }),
      default: 'all',
    },
    onWarning: { ...aFunction, default: 'console.warn' },
  },
};

export type NatsSettings = NatsEngineOptions & { readonly leaseMs: number; readonly replicas: number };

export function readNatsOptions(options: unknown): NatsSettings {
  const given = readOptions(NATS_OPTIONS, options, 'NatsEngine', refuseOption);
  const { leaseMs = 10_000, replicas = 1, spread: isSpread = false, nodes } = given;
  if (nodes && !isSpread) refuseOption('NatsEngine: nodes: expected it with spread, got it without');
  return { ...given, leaseMs, replicas, exposed: given.exposed || isSpread };
}
