import type { LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { pipeline, Readable } from 'node:stream';
import type * as Zlib from 'node:zlib';
import { PlugboardError } from '../errors.ts';
import { shownUrl } from '../values/url.ts';
import { isPrivateAddress } from './private-address.ts';
import type { HttpAnswer, PublicFetch } from './types.ts';

/** Returns all addresses of a host name; for an address itself, that one. */
type LookUp = (host: string) => Promise<LookupAddress[]>;

/** Makes the function of `Platform.publicFetch`. It looks up each name once, and connects to the address that was checked. */
export function nodeFetch(lookUp?: LookUp, isPrivate = isPrivateAddress): PublicFetch {
  // Loaded now, so that a call loads nothing.
  const builtin = {
    dns: process.getBuiltinModule('node:dns/promises'),
    http: process.getBuiltinModule('node:http'),
    https: process.getBuiltinModule('node:https'),
    streams: process.getBuiltinModule('node:stream'),
    zlib: process.getBuiltinModule('node:zlib'),
  };
  const addressesOf = lookUp ?? (host => builtin.dns.lookup(host, { all: true }));
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const addresses = await addressesOf(url.hostname.replace(/^\[|\]$/g, ''));
    const found = addresses.find(({ address }) => isPrivate(address));
    if (found) {
      const message = `http_request: ${shownUrl(url)} is not allowed: its address ${found.address} is outside the public internet`;
      throw new PlugboardError('HTTP_DENIED', `${message} (allowPrivateAddresses)`);
    }
    // Given to the connection, which would look up the name again, and may get another answer.
    const lookup: LookupFunction = (_host, { all }, done) =>
      all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family);
    const given = new Headers({ accept: '*/*', 'accept-encoding': 'gzip', 'user-agent': 'plugboard' });
    for (const [name, value] of new Headers(headers)) given.set(name, value);
    const { request } = url.protocol === 'https:' ? builtin.https : builtin.http;
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method,
        headers: Object.fromEntries(given),
        lookup,
        ...(signal && { signal }),
        // A connection of its own: a pooled one may lead to an address that was not checked.
        agent: false,
      });
      sent.once('response', message => {
        try {
          resolve(toAnswer(message, method, builtin));
        } catch (error) {
          reject(error);
        }
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
}

/** Decoders by coding. `fetch` decodes these too. */
const DECODERS = {
  gzip: 'createGunzip',
  'x-gzip': 'createGunzip',
  deflate: 'createInflate',
  br: 'createBrotliDecompress',
} as const;

/** The parts of `node:stream` and `node:zlib` that decode a body. */
interface Decoding {
  streams: { Readable: typeof Readable; pipeline: typeof pipeline };
  zlib: typeof Zlib;
}

function toAnswer(message: IncomingMessage, method: string, { streams, zlib }: Decoding): HttpAnswer {
  const status = message.statusCode!;
  const headers = new Headers();
  for (let index = 0; index < message.rawHeaders.length; index += 2)
    headers.append(message.rawHeaders[index]!, message.rawHeaders[index + 1]!);
  const coding = headers.get('content-encoding')?.toLowerCase() ?? '';
  const isEmpty = method === 'HEAD' || status === 204 || status === 304;
  const decoder = !isEmpty && Object.hasOwn(DECODERS, coding) && DECODERS[coding as keyof typeof DECODERS];
  // The reader of the decoded body gets the errors of both streams.
  const decoded = decoder ? streams.pipeline(message, zlib[decoder](), () => {}) : message;
  return { status, headers, body: streams.Readable.toWeb(decoded) as ReadableStream, type: 'basic' };
}
