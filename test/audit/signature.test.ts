import { rawSignature } from '../../src/audit/ecdsa.ts';
import {
  type PolicyEnvelope,
  type PolicyFile,
  readPolicy,
  signPolicy,
  verifyPolicy,
} from '../../src/audit/node.ts';
import { hexOfSha256 } from '../../src/module/source.ts';
import { createPlugin } from '../../src/node.ts';
import { webPlatform } from '../../src/platform/web.ts';
import { equal, is, raises } from '../helpers/assert.ts';
import { buildModule } from '../helpers/build-module.ts';
import { suite } from '../helpers/suite.ts';
import { BAD, GOOD, HASH, KEYS } from './signed-policies.ts';

const now = () => Date.parse('2029-01-01T00:00:00Z');
const WASM = buildModule({ functions: [{ name: 'run', body: [] }] });
const hash = await hexOfSha256(webPlatform, WASM);
const policy: PolicyFile = {
  version: 1,
  sequence: 3,
  plugins: [{ name: 'a', grants: [{ hash, reason: 'r' }] }],
};

/** Changes one character of a base64 text to another one. */
const changed = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

type Kind = keyof typeof GOOD;
const KINDS = Object.keys(GOOD) as Kind[];
/** The keys that WebCrypto makes. */
const ALGORITHMS = { ed25519: { name: 'Ed25519' }, p256: { name: 'ECDSA', namedCurve: 'P-256' } };

const makeKeys = async (kind: Kind) =>
  (await crypto.subtle.generateKey(ALGORITHMS[kind], false, ['sign', 'verify'])) as CryptoKeyPair;

suite('signed policies', test => {
  for (const kind of KINDS) {
    const options = { keys: [KEYS[kind]], now };

    test(`${kind}: the signature of another implementation is accepted`, async () => {
      const { sequence, plugins } = await verifyPolicy(GOOD[kind], options);
      equal([sequence, plugins[0]!.grants[0]!.hash], [7, HASH]);
      await verifyPolicy(JSON.stringify(GOOD[kind]), { ...options, keys: [KEYS.other, KEYS[kind]] });
    });

    test.row('error.INVALID_SIGNATURE', `${kind}: another key is refused`, async () => {
      const others = Object.values(KEYS).filter(key => key !== KEYS[kind]);
      for (const key of others) {
        await raises(() => verifyPolicy(GOOD[kind], { keys: [key], now }), {
          code: 'INVALID_SIGNATURE',
          message: 'no signature was made over these bytes by a key that is given',
        });
      }
    });

    test(`${kind}: no byte of payload or signature can be changed`, async () => {
      const good: PolicyEnvelope = GOOD[kind];
      const [{ sig }] = good.signatures as [PolicyEnvelope['signatures'][number]];
      for (let at = 0; at < good.payload.length - 2; at += 37) {
        const payload = changed(good.payload, at);
        await raises(() => verifyPolicy({ ...good, payload }, options), { code: 'INVALID_SIGNATURE' });
      }
      for (let at = 0; at < sig.length - 3; at += 5) {
        const signatures = [{ sig: changed(sig, at) }];
        await raises(() => verifyPolicy({ ...good, signatures }, options), { code: 'INVALID_SIGNATURE' });
      }
    });

    test.row(
      'error.POLICY_EXPIRED',
      `${kind}: an ended policy is refused by the clock of the caller`,
      async () => {
        await verifyPolicy(GOOD[kind], { ...options, now: () => Date.parse('2030-01-01T23:59:59Z') });
        await raises(() => verifyPolicy(GOOD[kind], { ...options, now: () => Date.parse('2030-01-02') }), {
          code: 'POLICY_EXPIRED',
          message: 'the policy has ended (2030-01-01)',
        });
      },
    );

    test.row('error.POLICY_OUTDATED', `${kind}: an older policy than minSequence is refused`, async () => {
      await verifyPolicy(GOOD[kind], { ...options, minSequence: 7 });
      await raises(() => verifyPolicy(GOOD[kind], { ...options, minSequence: 8 }), {
        code: 'POLICY_OUTDATED',
        message: 'expected a policy of sequence 8 or more, got 7',
      });
    });

    test(`${kind}: a policy that grants no hash cannot be signed, because no verifier would accept it`, async () => {
      const { privateKey } = await makeKeys(kind);
      await raises(() => signPolicy({ version: 1, plugins: [] }, { key: privateKey }), {
        code: 'INVALID_OPTION',
        message: 'expected a grant of a hash, got none',
      });
    });

    test(`${kind}: a policy signed here is accepted by createPlugin, and by nothing but its key`, async () => {
      const [{ publicKey, privateKey }, other] = [await makeKeys(kind), await makeKeys(kind)];
      const source = await signPolicy(policy, { key: privateKey, keyid: 'mine' });
      is(source.signatures[0]!.keyid, 'mine');
      await (await createPlugin(WASM, { policy: { source, keys: [publicKey] } })).close();
      await raises(() => createPlugin(WASM, { policy: { source, keys: [other.publicKey] } }), {
        code: 'INVALID_SIGNATURE',
      });
      await raises(() => createPlugin(WASM, { policy: { source, keys: [publicKey], minSequence: 4 } }), {
        code: 'POLICY_OUTDATED',
      });
      await raises(() => createPlugin(WASM, { policy: source }), { code: 'INVALID_OPTION' });
      await raises(() => createPlugin(WASM, { policy: { source: policy, keys: [publicKey] } }), {
        code: 'INVALID_SIGNATURE',
        message: 'expected a signed policy, got one without a signature',
      });
    });
  }

  for (const [name, envelope] of Object.entries(BAD)) {
    test(`${name} is refused, though its signature is valid`, async () => {
      const code = name.endsWith('not JSON') ? 'INVALID_POLICY' : 'INVALID_SIGNATURE';
      await raises(() => verifyPolicy(envelope, { keys: [KEYS.ed25519], now }), { code });
    });
  }

  test('a verifier of the caller gets the signed bytes, the signature and the id of the key', async () => {
    const seen: unknown[] = [];
    const verify = (signed: Uint8Array, signature: Uint8Array, keyid: string | undefined) => {
      seen.push([new TextDecoder().decode(signed.subarray(0, 39)), signature.length, keyid]);
      return true;
    };
    await verifyPolicy(GOOD.ed25519, { verify, now });
    equal(
      seen,
      [['DSSEv1 28 application/vnd.in-toto+json ', 64, 'k']].map(([, ...rest]) => [
        'DSSEv1 28 application/vnd.in-toto+json ',
        ...rest,
      ]),
    );
  });

  test('a verifier that returns another value than true, or throws, accepts nothing', async () => {
    for (const value of [false, 1, 'true', {}, undefined]) {
      const verify = (() => value) as () => boolean;
      await raises(() => verifyPolicy(GOOD.ed25519, { verify, now }), { code: 'INVALID_SIGNATURE' });
    }
    const verify = () => {
      throw new Error('no network');
    };
    await raises(() => verifyPolicy(GOOD.ed25519, { verify, now }), {
      code: 'INVALID_SIGNATURE',
      message: 'verify failed: no network',
    });
  });

  test('keys and a verifier together are refused: only one could check the signature', async () => {
    const both = { keys: [KEYS.ed25519], verify: () => true };
    const row = { code: 'INVALID_OPTION', message: /both keys and verify are given.*; keep one$/ };
    await raises(() => verifyPolicy(GOOD.ed25519, { ...both, now }), row);
    await raises(() => createPlugin(WASM, { policy: { source: GOOD.ed25519, ...both } }), row);
  });

  test('keys that are not of these kinds are refused', async () => {
    const pems = [
      '',
      'x',
      KEYS.p256.slice(0, 80),
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    ];
    for (const key of pems) {
      await raises(() => verifyPolicy(GOOD.p256, { keys: [key], now }), { code: 'INVALID_SIGNATURE' });
    }
    const { publicKey } = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    await raises(() => verifyPolicy(GOOD.p256, { keys: [publicKey], now }), {
      code: 'INVALID_SIGNATURE',
      message: 'expected Ed25519 or ECDSA on P-256, got "ECDSA" P-384',
    });
    await raises(() => verifyPolicy(GOOD.p256, { keys: [], now }), { code: 'INVALID_OPTION' });
    await raises(() => verifyPolicy(policy as never, { keys: [KEYS.p256] }), { code: 'INVALID_SIGNATURE' });
  });

  test('WebCrypto without an algorithm is UNSUPPORTED', async () => {
    const { importKey } = crypto.subtle;
    Object.defineProperty(crypto.subtle, 'importKey', {
      configurable: true,
      value: async () => {
        throw new DOMException('Unrecognized name.', 'NotSupportedError');
      },
    });
    try {
      await raises(() => verifyPolicy(GOOD.ed25519, { keys: [KEYS.ed25519], now }), {
        code: 'UNSUPPORTED',
        message: 'WebCrypto of this runtime has no Ed25519; sign with ECDSA on P-256',
      });
    } finally {
      Object.defineProperty(crypto.subtle, 'importKey', { configurable: true, value: importKey });
    }
  });

  test('signatures of ECDSA are read from DER and from 64 bytes, and from nothing else', () => {
    const rows: [number[], number | null][] = [
      [Array(64).fill(1), 64],
      [[0x30, 6, 2, 1, 5, 2, 1, 6], 64],
      [[0x30, 8, 2, 2, 0, 0x85, 2, 2, 0, 0x86], 64],
      [[0x30, 7, 2, 1, 5, 2, 1, 6], null],
      [[0x30, 6, 2, 1, 5, 3, 1, 6], null],
      [[0x30, 6, 2, 1, 5, 2, 9, 6], null],
      [[0x30, 3, 2, 1, 5], null],
      [[0x30, 7, 2, 1, 5, 2, 1, 6, 0], null],
      [[0x30, 38, 2, 33, ...Array(33).fill(1), 2, 1, 6], null],
      [[], null],
      [[0x30], null],
    ];
    for (const [bytes, length] of rows) is(rawSignature(Uint8Array.from(bytes))?.length ?? null, length);
    equal([...rawSignature(Uint8Array.from([0x30, 6, 2, 1, 5, 2, 1, 6]))!].filter(Boolean), [5, 6]);
  });

  test('readPolicy returns the policy, and names the line of a mistake', async () => {
    equal(readPolicy(JSON.stringify(policy)), policy);
    await raises(async () => readPolicy('{"version":\n3}'), {
      code: 'INVALID_POLICY',
      message: 'plugboard.policy.json:2: policy.version',
    });
  });
});
