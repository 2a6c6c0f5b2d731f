import { aText, kind, type OptionTable, readOptions, refuseExtra } from '../../wasi/options.ts';
import { refuseOption } from '../given/option-keys.ts';
import type { PolicyEnvelope, PolicyFile, SignatureOptions } from '../given/policy-types.ts';
import { readPolicyFile } from './policy-file.ts';
import { openPolicyFile, readSignatureOptions } from './policy-options.ts';
import { signStatement } from './signature.ts';

export type {
  PluginPolicy,
  PolicyDenial,
  PolicyEnvelope,
  PolicyFile,
  PolicyGrant,
  PolicyKey,
  PolicyLimits,
  PolicyOptions,
  PolicyVerifier,
  SignatureOptions,
} from '../given/policy-types.ts';
export type { BuiltFacts } from '../module/built.ts';
export type { Preparation } from '../module/prepare.ts';
export { builtModule } from './built-module.ts';
export { compareGrants, type GrantChange } from './compare-grants.ts';
export { PolicyError } from './policy.ts';

/**
 * Reads and checks a policy that is not signed, given as JSON text or data.
 * @throws {CreateError} INVALID_POLICY, which names the line
 */
export function readPolicy(source: string | PolicyFile): PolicyFile;
export function readPolicy(source: string | PolicyFile, ...extra: unknown[]): PolicyFile {
  refuseExtra(extra, 'readPolicy', refuseOption);
  return readPolicyFile(source).data;
}

/** The key with which a policy is signed. */
export interface SigningKey {
  /** A private key of WebCrypto: Ed25519, or ECDSA on P-256. */
  key: CryptoKey;
  /** A name by which a verifier finds the public key. */
  keyid?: string | undefined;
}

export const SIGNING_OPTIONS: OptionTable<SigningKey> = {
  of: 'signPolicy(policy, options)',
  rows: {
    key: {
      ...kind<CryptoKey>(
        'a private CryptoKey',
        value =>
          Object.prototype.toString.call(value) === '[object CryptoKey]' &&
          (value as CryptoKey).usages.includes('sign'),
      ),
      default: 'none',
      required: true,
    },
    keyid: { ...aText, default: 'none' },
  },
};

/**
 * Signs a policy: a DSSE envelope over an in-toto statement, whose subjects are the hashes that the policy grants.
 * @throws {CreateError} INVALID_POLICY; INVALID_OPTION for a policy that grants no hash; INVALID_SIGNATURE for a key of another kind;
 * UNSUPPORTED without WebCrypto
 */
export function signPolicy(policy: string | PolicyFile, options: SigningKey): Promise<PolicyEnvelope>;
export async function signPolicy(
  policy: string | PolicyFile,
  options: SigningKey,
  ...extra: unknown[]
): Promise<PolicyEnvelope> {
  refuseExtra(extra, 'signPolicy', refuseOption);
  const read = readOptions(SIGNING_OPTIONS, options, 'signPolicy', refuseOption);
  const { data } = readPolicyFile(policy);
  const subjects = new Map(
    data.plugins.flatMap(({ name, grants }) =>
      grants.flatMap(({ hash }) => (hash === undefined ? [] : [[hash, { name, sha256: hash }] as const])),
    ),
  );
  // Verifiers refuse a statement without a subject.
  if (subjects.size === 0)
    refuseOption('signPolicy: policy: expected a grant of a hash, got none; add one for each module');
  return signStatement([...subjects.values()], data, read);
}

/**
 * Checks a signed policy and returns it. `createPlugin` does the same for the option `policy`.
 * @throws {CreateError} INVALID_SIGNATURE, INVALID_POLICY, POLICY_EXPIRED, POLICY_OUTDATED; UNSUPPORTED where WebCrypto lacks
 * the algorithm of a key
 */
export function verifyPolicy(
  envelope: string | PolicyEnvelope,
  options: SignatureOptions,
): Promise<PolicyFile>;
export async function verifyPolicy(
  envelope: string | PolicyEnvelope,
  options: SignatureOptions,
  ...extra: unknown[]
): Promise<PolicyFile> {
  refuseExtra(extra, 'verifyPolicy', refuseOption);
  const read = readSignatureOptions(options);
  return (await openPolicyFile({ ...read, source: envelope, mustBeSigned: true })).data;
}
