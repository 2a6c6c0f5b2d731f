import { anArray, aText, isPlain, type Kind, type OptionTable, readOptions } from '../../wasi/options.ts';
import { attempt, CreateError, describe, messageOf } from '../errors.ts';
import type { PolicyEnvelope, PolicyKey, PolicyVerifier } from '../given/policy-types.ts';
import { fromBase64, toBase64 } from '../values/base64.ts';
import { hexOf } from '../values/hex.ts';
import { rawSignature } from './ecdsa.ts';
import { parsePlaced, readPlaced } from './policy-file.ts';

// DSSE envelopes over in-toto statements. https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md

export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:plugboard:policy:1';
/** The most signatures of one envelope: each is checked with each key. */
const MOST_SIGNATURES = 16;

type Bytes = Uint8Array<ArrayBuffer>;
type Signature = PolicyEnvelope['signatures'][number];

const SIGNATURE_KEYS: OptionTable<Signature> = {
  of: 'a signature of an envelope',
  rows: {
    keyid: { ...aText, default: 'none' },
    sig: { ...aText, default: 'none', required: true },
  },
};
const aSignature: Kind<Signature> = {
  type: 'a signature, { sig } in base64',
  check: (value, where, refuse) => readOptions(SIGNATURE_KEYS, value, where, refuse),
};

export const ENVELOPE_KEYS: OptionTable<PolicyEnvelope> = {
  of: 'an envelope of a policy',
  rows: {
    payloadType: { ...aText, default: 'none', required: true },
    payload: { ...aText, default: 'none', required: true },
    signatures: { ...anArray(aSignature, 'an array of signatures'), default: 'none', required: true },
  },
};

const invalid = (message: string, options?: ErrorOptions) =>
  new CreateError('INVALID_SIGNATURE', message, options);

/** The bytes that a DSSE signature covers: the pre-authentication encoding. */
export function signedBytes(type: string, payload: Bytes): Bytes {
  const utf8 = new TextEncoder();
  const head = utf8.encode(`DSSEv1 ${utf8.encode(type).length} ${type} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** A statement whose signature was checked. */
export interface Statement {
  /** The policy as data. */
  predicate: object;
  /** SHA-256 of the modules. */
  subjects: ReadonlySet<string>;
}

/**
 * Checks an envelope, and reads its statement.
 * @throws {CreateError} INVALID_SIGNATURE, INVALID_POLICY; UNSUPPORTED where WebCrypto lacks the algorithm
 */
export async function statementOf(
  given: unknown,
  file: string,
  { keys, verify }: { keys?: readonly PolicyKey[] | undefined; verify?: PolicyVerifier | undefined },
): Promise<Statement> {
  const { data } = readPlaced(ENVELOPE_KEYS, given, file, 'envelope');
  const { payloadType, signatures } = data;
  if (payloadType !== PAYLOAD_TYPE)
    throw invalid(`${file}: expected the payload type ${PAYLOAD_TYPE}, got ${JSON.stringify(payloadType)}`);
  if (signatures.length > MOST_SIGNATURES)
    throw invalid(`${file}: expected at most ${MOST_SIGNATURES} signatures, got ${signatures.length}`);
  const payload = bytesOf(data.payload, `${file}: payload`);
  const signed = signedBytes(payloadType, payload);
  const verifiers = verify ? [verify] : await Promise.all((keys ?? []).map(key => verifierOf(key)));
  if (verifiers.length === 0) {
    const message = `${file}: expected keys or verify for a signed policy, got neither; an unchecked signature proves nothing`;
    throw new CreateError('INVALID_OPTION', message);
  }
  if (!(await isSigned(signed, signatures, verifiers, file)))
    throw invalid(`${file}: no signature was made over these bytes by a key that is given`);
  return readStatement(payload, file);
}

async function isSigned(
  signed: Bytes,
  signatures: readonly Signature[],
  verifiers: readonly PolicyVerifier[],
  file: string,
): Promise<boolean> {
  for (const [index, { sig, keyid }] of signatures.entries()) {
    const bytes = bytesOf(sig, `${file}: signature ${index}`);
    for (const verify of verifiers) {
      try {
        // Copies: a verifier of the caller may keep or change them. Only `true` counts.
        if ((await verify(signed.slice(), bytes.slice(), keyid)) === true) return true;
      } catch (error) {
        if (error instanceof CreateError) throw error;
        throw invalid(`${file}: option.policy.verify failed: ${messageOf(error)}`, { cause: error });
      }
    }
  }
  return false;
}

function bytesOf(base64: string, where: string): Bytes {
  const bytes = attempt(() => fromBase64(base64.replaceAll('-', '+').replaceAll('_', '/')), null);
  if (bytes) return bytes;
  throw invalid(`${where}: expected base64, got another text`);
}

/** Reads a payload whose signature is valid. */
function readStatement(payload: Bytes, file: string): Statement {
  const text = attempt(() => new TextDecoder('utf-8', { fatal: true }).decode(payload), null);
  if (text === null) throw invalid(`${file}: expected a payload of UTF-8 text, got other bytes`);
  const { value } = parsePlaced(text, `${file}, payload`, 'statement');
  if (!isPlain(value)) throw invalid(`${file}: expected a statement, an object`);
  const { _type, subject, predicateType, predicate } = value;
  for (const [key, type, got] of [
    ['_type', STATEMENT_TYPE, _type],
    ['predicateType', PREDICATE_TYPE, predicateType],
  ])
    if (got !== type)
      throw invalid(`${file}: expected a statement with ${key} "${type}", got ${JSON.stringify(got)}`);
  const digests = Array.isArray(subject)
    ? subject.map((item: { digest?: { sha256?: unknown } } | null) => item?.digest?.sha256)
    : [];
  if (digests.length === 0 || !digests.every(digest => typeof digest === 'string'))
    throw invalid(`${file}: expected a statement with subjects, each with digest.sha256`);
  if (!isPlain(predicate))
    throw invalid(`${file}: expected a statement with a predicate, an object, got ${describe(predicate)}`);
  return { predicate, subjects: new Set(digests) };
}

/** Of Ed25519, and of the two numbers of ECDSA on P-256. */
const SIGNATURE_BYTES = 64;

const ALGORITHMS = {
  Ed25519: { name: 'Ed25519' },
  ECDSA: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;
type Algorithm = keyof typeof ALGORITHMS;

/** @throws {CreateError} UNSUPPORTED */
function webCrypto(): SubtleCrypto {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle) return subtle;
  const message =
    'signatures need WebCrypto, which this runtime lacks (a page without https?); give option.policy.verify';
  throw new CreateError('UNSUPPORTED', message);
}

/** Returns the algorithm of a key. The key may be an object that only looks like one. @throws {CreateError} INVALID_SIGNATURE */
function algorithmOf(key: CryptoKey): Algorithm {
  const name = attempt(() => key.algorithm.name, 'none');
  const namedCurve = attempt(() => (key.algorithm as EcKeyAlgorithm).namedCurve, undefined);
  if (name === 'Ed25519' || (name === 'ECDSA' && namedCurve === 'P-256')) return name;
  throw invalid(
    `a key: expected Ed25519 or ECDSA on P-256, got ${describe(name)} ${namedCurve ?? ''}`.trim(),
  );
}

async function verifierOf(given: PolicyKey): Promise<PolicyVerifier> {
  const key = typeof given === 'string' ? await importPem(given) : given;
  const name = algorithmOf(key);
  const algorithm = ALGORITHMS[name];
  return async (signed, signature) => {
    // A signature of another key may have any length, and some runtimes throw for it.
    const raw = name === 'ECDSA' ? rawSignature(signature) : signature;
    try {
      return raw?.length === SIGNATURE_BYTES && (await webCrypto().verify(algorithm, key, raw, signed));
    } catch (error) {
      throw lacking(name, error);
    }
  };
}

/** The bytes of the object identifiers 1.3.101.112 and 1.2.840.10045.3.1.7 in a SubjectPublicKeyInfo. RFC 8410, RFC 5480. */
const CURVES: readonly [Algorithm, string][] = [
  ['Ed25519', '06032b6570'],
  ['ECDSA', '06082a8648ce3d030107'],
];

async function importPem(pem: string): Promise<CryptoKey> {
  const [, base64] =
    /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,4096})-----END PUBLIC KEY-----/.exec(pem) ?? [];
  const spki = attempt(() => fromBase64(base64!.replace(/\s/g, '')), null);
  const hex = hexOf(spki ?? []);
  const [name] = CURVES.find(([, id]) => hex.includes(id)) ?? [];
  if (!spki || !name)
    throw invalid(
      'a key of option.policy.keys: expected PEM text of a PUBLIC KEY, Ed25519 or ECDSA on P-256',
    );
  try {
    return await webCrypto().importKey('spki', spki, ALGORITHMS[name], false, ['verify']);
  } catch (error) {
    throw lacking(name, error);
  }
}

function lacking(name: Algorithm, cause: unknown): CreateError {
  if (cause instanceof CreateError) return cause;
  const isUnknown = attempt(() => (cause as Error).name === 'NotSupportedError', false);
  const message = `a key: WebCrypto refuses this ${name} key: ${messageOf(cause)}`;
  if (!isUnknown) return invalid(message, { cause });
  const text = `WebCrypto of this runtime has no ${name}; sign with ECDSA on P-256, or give option.policy.verify`;
  return new CreateError('UNSUPPORTED', text, { cause });
}

/** Makes the signed envelope of a statement. @throws {CreateError} INVALID_SIGNATURE, UNSUPPORTED */
export async function signStatement(
  subjects: readonly { name: string; sha256: string }[],
  predicate: unknown,
  { key, keyid }: { key: CryptoKey; keyid?: string | undefined },
): Promise<PolicyEnvelope> {
  const name = algorithmOf(key);
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: PREDICATE_TYPE,
    predicate,
  };
  const payload = new TextEncoder().encode(JSON.stringify(statement));
  const subtle = webCrypto();
  const sig = await subtle
    .sign(ALGORITHMS[name], key, signedBytes(PAYLOAD_TYPE, payload))
    .catch((error: unknown) => {
      throw lacking(name, error);
    });
  return {
    payloadType: PAYLOAD_TYPE,
    payload: toBase64(payload),
    signatures: [{ ...(keyid !== undefined && { keyid }), sig: toBase64(new Uint8Array(sig)) }],
  };
}
