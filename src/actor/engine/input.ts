import {
  aCount,
  type OptionTable,
  oneOf,
  readArgument,
  readOptions,
  refuseExtra,
} from '../../../wasi/options.ts';
import type { ActorConfig } from '../config/actor-config.ts';
import { readForeign, refuseOption } from '../errors.ts';
import type { JsonObject } from '../json/value.ts';
import { joined } from '../json/writer.ts';
import { ACTOR_LIMITS, refuseOver } from '../limits.ts';
import { aCodec, type Codec, jsonCodec, type Part } from '../message/codec.ts';
import type { Message, Packet } from '../message/message.ts';
import { toPluginPacket, toPluginWire, type Wire, writePluginPacket } from '../message/wire.ts';

/** The input of a plugin for one call. */
export interface ActorContext {
  payload: Packet;
  config: ActorConfig;
  /** The state before the call. */
  state: JsonObject;
}

export interface PayloadOptions {
  /** The form of messages to the plugin. Default: `plain`. */
  wire?: Wire | undefined;
  /** A larger payload is refused. Default: 64 MiB. */
  maxBytes?: number | undefined;
  /** The encoding of the plugin. Default: JSON. */
  codec?: Codec | undefined;
}

export const PAYLOAD_OPTIONS: OptionTable<PayloadOptions> = {
  of: 'writePayload(payload, options)',
  rows: {
    wire: { ...oneOf(['plain', 'upstream']), default: 'plain' },
    maxBytes: { ...aCount('bytes'), default: '64 MiB', grants: 'a payload, up to this limit' },
    codec: { ...aCodec, default: 'JSON' },
  },
};

/**
 * Writes payloads. The three parts of a context are written separately. The payload is written when it is sent, so that its
 * sender gets the error for a wrong value. The config is written once, and the state after the call that left it.
 */
export class PayloadWriter {
  readonly #wire: Wire;
  readonly #maxBytes: number;
  readonly #codec: Codec;

  constructor({
    wire = 'plain',
    maxBytes = ACTOR_LIMITS.inputBytes.default,
    codec = jsonCodec,
  }: PayloadOptions) {
    this.#wire = wire;
    this.#maxBytes = maxBytes;
    this.#codec = codec;
  }

  packet(packet: Packet): Part {
    const path = ['payload'];
    return this.#inLimit(
      this.#codec === jsonCodec
        ? writePluginPacket(packet, path, this.#wire)
        : this.#codec.write(toPluginPacket(packet, path, this.#wire), path),
    );
  }

  /** Writes one message of a packet. `join` makes a packet of messages that came to different ports at different times. */
  message(message: Message, port: string): Part {
    const path = ['payload', port];
    const wire = readForeign('payload', () => toPluginWire(message, path, this.#wire), 'INVALID_MESSAGE');
    const write = () => this.#codec.write(wire, path);
    // Another codec may throw errors of its own.
    return this.#inLimit(
      this.#codec === jsonCodec ? readForeign('payload', write, 'INVALID_MESSAGE') : write(),
    );
  }

  join(messages: readonly (readonly [port: string, message: Part])[]): Part {
    return this.#codec.join(messages);
  }

  #inLimit(part: Part): Part {
    // A string has at least as many bytes as characters. The exact bytes are counted when the whole context is known.
    const unit = typeof part === 'string' ? 'characters' : 'bytes';
    refuseOver('INPUT_LIMIT', 'payload', part.length, this.#maxBytes, unit, 'limits.inputBytes');
    return part;
  }
}

/** @experimental @throws {ActorError} INVALID_CONFIG for options that are wrong */
export function writePayload(payload: Packet, options?: PayloadOptions): Part;
export function writePayload(payload: Packet, options?: PayloadOptions, ...extra: unknown[]): Part {
  refuseExtra(extra, 'writePayload', refuseOption);
  const read = readOptions(PAYLOAD_OPTIONS, options, 'writePayload', refuseOption);
  return new PayloadWriter(read).packet(payload);
}

/** @experimental @throws {ActorError} INVALID_CONFIG when `codec` is not a Codec */
export function writeConfig(config: ActorConfig, codec?: Codec): Part;
export function writeConfig(config: ActorConfig, codec: Codec = jsonCodec, ...extra: unknown[]): Part {
  refuseExtra(extra, 'writeConfig', refuseOption);
  const { write } = readArgument(aCodec, codec, 'writeConfig: codec', refuseOption);
  return readForeign('writeConfig', () => write.call(codec, config, ['config']));
}

/** Returns a written `ActorContext`, joined from its written parts. */
export function joinContext(payload: Part, config: Part, state: Part, codec: Codec = jsonCodec): Part {
  // As `join`, without its arrays and short texts: 600 bytes of garbage a message.
  if (codec === jsonCodec) return joined(() => `{"payload":${payload},"config":${config},"state":${state}}`);
  return codec.join([
    ['payload', payload],
    ['config', config],
    ['state', state],
  ]);
}
