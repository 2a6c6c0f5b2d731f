import {
  aCount,
  aFlag,
  aFunction,
  anArray,
  aText,
  expected,
  isPlain,
  type Kind,
  kind,
  type OptionTable,
  oneOf,
  type Refuse,
  readOptions,
} from '../../wasi/options.ts';
import { attempt, CreateError } from '../errors.ts';
import type { PolicyKey, PolicyOptions, SignatureOptions } from '../given/policy-types.ts';
import { coded } from '../host/function.ts';
import { endOf, POLICY_FILE, parsePlaced, type ReadPolicy, readPolicyFile } from './policy-file.ts';
import { statementOf } from './signature.ts';

const aSource: Kind<PolicyOptions['source']> = kind(
  'JSON text or an object',
  value => typeof value === 'string' || isPlain(value),
);

const aKey: Kind<PolicyKey> = kind(
  'a CryptoKey, or PEM text',
  value => typeof value === 'string' || Object.prototype.toString.call(value) === '[object CryptoKey]',
);

const SIGNATURE_ROWS: OptionTable<SignatureOptions>['rows'] = {
  keys: {
    ...anArray(aKey, 'an array of public keys, each a CryptoKey or PEM text'),
    default: 'the policy need not be signed',
  },
  verify: { ...aFunction, default: 'signatures are checked by keys' },
  minSequence: { ...aCount('changes'), default: '0' },
  now: { ...aFunction, default: 'Date.now' },
};

export const SIGNATURE_OPTIONS: OptionTable<SignatureOptions> = {
  of: 'verifyPolicy(envelope, options)',
  rows: SIGNATURE_ROWS,
};

export const POLICY_OPTIONS: OptionTable<PolicyOptions> = {
  of: 'policy of createPlugin',
  nullIsLeftOut: true,
  rows: {
    source: { ...aSource, default: 'none', required: true },
    file: { ...aText, default: POLICY_FILE },
    plugin: { ...aText, default: 'the entry that has the hash of the module' },
    mode: { ...oneOf(['enforce', 'audit']), default: 'enforce' },
    allowUnreviewedBuilds: { ...aFlag, default: 'false' },
    onEvent: { ...aFunction, default: 'onDiagnostic' },
    ...SIGNATURE_ROWS,
  },
};

const refuse: Refuse = (message, _code, options) => {
  throw new CreateError('INVALID_OPTION', message, options);
};

/** Reads the option `policy`: text or data of a policy, or an object that says more. @throws {CreateError} INVALID_OPTION */
export function readPolicyOptions(given: unknown): PolicyOptions {
  const isSource = attempt(
    () => typeof given === 'string' || (isPlain(given) && !('source' in given)),
    false,
  );
  const options = readOptions(POLICY_OPTIONS, isSource ? { source: given } : given, 'option.policy', refuse);
  return refuseBoth(options, 'option.policy');
}

export const readSignatureOptions = (given: unknown): SignatureOptions =>
  refuseBoth(readOptions(SIGNATURE_OPTIONS, given, 'verifyPolicy', refuse), 'verifyPolicy');

function refuseBoth<T extends SignatureOptions>(options: T, where: string): T {
  if (options.keys !== undefined && options.verify !== undefined)
    refuse(`${where}: both keys and verify are given, and only one can check a signature; keep one`);
  return options;
}

/** Returns the time that counts, in ms since 1970. @throws {PlugboardError} HOST_FUNCTION_FAILED {CreateError} INVALID_OPTION */
export function timeOf({ now = Date.now }: SignatureOptions): number {
  const ms: unknown = coded('option.policy.now', now)();
  // No grant would ever end by a time that is not a number.
  return typeof ms === 'number' && Number.isFinite(ms)
    ? ms
    : refuse(expected('a function that returns ms since 1970', ms, 'option.policy.now'));
}

/**
 * Reads a policy, and checks its signature, its sequence and its end.
 * @throws {CreateError} INVALID_POLICY, INVALID_SIGNATURE, POLICY_EXPIRED, POLICY_OUTDATED; UNSUPPORTED without WebCrypto
 */
export async function openPolicyFile(
  options: Pick<PolicyOptions, 'source' | 'file'> & SignatureOptions & { mustBeSigned?: boolean },
): Promise<ReadPolicy> {
  const { source, file = POLICY_FILE, keys, verify, minSequence = 0 } = options;
  const { mustBeSigned = keys !== undefined || verify !== undefined } = options;
  const { value } = parsePlaced(source, file, 'policy');
  const isSigned = attempt(() => isPlain(value) && Object.hasOwn(value, 'payloadType'), false);
  if (!isSigned && mustBeSigned) {
    const message = `${file}: expected a signed policy, got one without a signature`;
    throw new CreateError('INVALID_SIGNATURE', message);
  }
  const statement = isSigned ? await statementOf(value, file, { keys, verify }) : null;
  const read = readPolicyFile(statement ? statement.predicate : source, file);
  const { sequence = 0, expires, plugins } = read.data;
  if (statement) {
    const granted = plugins.flatMap(({ grants }) => grants.flatMap(({ hash }) => hash ?? []));
    const missing = granted.find(hash => !statement.subjects.has(hash));
    if (missing !== undefined) {
      const message = `${file}: the policy grants the hash ${missing}, which is not a subject of the signed statement`;
      throw new CreateError('INVALID_SIGNATURE', message);
    }
  }
  if (expires !== undefined && endOf(expires)! < timeOf(options))
    throw new CreateError('POLICY_EXPIRED', `${file}: the policy has ended (${expires}); get a new one`);
  if (sequence < minSequence) {
    const message = `${file}: expected a policy of sequence ${minSequence} or more, got ${sequence}; get a newer one`;
    throw new CreateError('POLICY_OUTDATED', message);
  }
  return read;
}
