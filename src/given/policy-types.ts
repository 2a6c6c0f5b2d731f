// The data of plugboard.policy.json. Its reader is loaded only for plugins that have the option `policy`.

/**
 * Something that a person allows a plugin. Besides `reason` it has exactly one of the keys `hash`, `host`, `path`, `preopen`,
 * `config`, `function` and `power`.
 */
export interface PolicyGrant {
  /** SHA-256 of the bytes of a module, 64 hexadecimal digits. */
  hash?: string | undefined;
  /** Hosts of HTTP requests, as in `allowedHosts`. */
  host?: string | undefined;
  /** A folder of the host, with the folders below it. */
  path?: string | undefined;
  /** The path, in the plugin, of a file system given as `preopens`. */
  preopen?: string | undefined;
  /** A key that the plugin reads with `config_get`. */
  config?: string | undefined;
  /** Name of a host function. Its namespace stands beside it. */
  function?: string | undefined;
  /** A power of the kernel, of WASI or of actors, as `plugboard inspect` names it. */
  power?: string | undefined;
  /** Only beside `function`: its namespace. */
  namespace?: string | undefined;
  /** Only beside `path` and `preopen`. Default: read. */
  access?: 'read' | 'write' | undefined;
  /** Why it is allowed, in words. */
  reason: string;
  /** The person who allows it. */
  by?: string | undefined;
  /** The last day, `2027-01-31`, or a time in UTC, `2027-01-31T12:00:00Z`. Default: no end. */
  until?: string | undefined;
}

/** The most that manifest and options may give a plugin. They apply where these give no limit. */
export interface PolicyLimits {
  /** As the option `timeoutMs`. */
  timeoutMs?: number | undefined;
  /** As the option `memory.maxPages`. */
  maxPages?: number | undefined;
  /** As the option `memory.max_pages`. */
  max_pages?: number | undefined;
  /** As the option `memory.maxVarBytes`. Default: 1 MiB. */
  maxVarBytes?: number | undefined;
  /** As the option `memory.maxHttpResponseBytes`. Default: 50 MiB. */
  maxHttpResponseBytes?: number | undefined;
  /** As the option `limits.memoryPages`. */
  memoryPages?: number | undefined;
  /** As the option `limits.fuel`. */
  fuel?: number | undefined;
  /** As the option `limits.hostCalls`. */
  hostCalls?: number | undefined;
  /** As the option `limits.httpRequests`. */
  httpRequests?: number | undefined;
  /** As the option `limits.httpBytes`. */
  httpBytes?: number | undefined;
  /** As the option `limits.logBytes`. */
  logBytes?: number | undefined;
  /** As the option `limits.varWrites`. */
  varWrites?: number | undefined;
  /** As the option `limits.outputBytes`. */
  outputBytes?: number | undefined;
}

export interface PluginPolicy {
  /** For people, and for `plugin` of the option `policy`. */
  name: string;
  /** All that the plugin may have. */
  grants: PolicyGrant[];
  /** The most that it may have. Default: the defaults of the options. */
  limits?: PolicyLimits | undefined;
}

/** The content of plugboard.policy.json. */
export interface PolicyFile {
  /** For editors: the schema of this file. */
  $schema?: string | undefined;
  /** The version of the form of this file. */
  version: 1;
  /** Grows with each change, so that `minSequence` can refuse an older policy. Default: 0. */
  sequence?: number | undefined;
  /** When the whole policy ends, as `until` of a grant. Default: no end. */
  expires?: string | undefined;
  /** An entry for each plugin. */
  plugins: PluginPolicy[];
}

/** A signed policy: a DSSE envelope. https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
export interface PolicyEnvelope {
  /** application/vnd.in-toto+json. */
  payloadType: string;
  /** The signed statement, in base64. */
  payload: string;
  /** Each is base64 too. One of them must be valid. */
  signatures: { keyid?: string | undefined; sig: string }[];
}

/** A public key: a `CryptoKey`, or PEM text of the kind "PUBLIC KEY". Ed25519, or ECDSA on P-256. */
export type PolicyKey = CryptoKey | string;

/** Checks a signature. Gets the signed bytes, the signature and the id of the key that made it, if it is named. */
export type PolicyVerifier = (
  signed: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  keyid: string | undefined,
) => boolean | PromiseLike<boolean>;

/** How a signed policy is checked. */
export interface SignatureOptions {
  /** The keys of which one must have signed. An unsigned policy is refused then. */
  keys?: readonly PolicyKey[] | undefined;
  /** Checks signatures in place of `keys`. */
  verify?: PolicyVerifier | undefined;
  /** The least `sequence`. Default: any. */
  minSequence?: number | undefined;
  /** Returns the time, in ms since 1970. Default: `Date.now`. */
  now?: (() => number) | undefined;
}

/** The option `policy`, where more than the policy itself is given. */
export interface PolicyOptions extends SignatureOptions {
  /** JSON text of a policy or of its envelope, or the data. */
  source: string | PolicyFile | PolicyEnvelope;
  /** The name of the file in messages. Default: plugboard.policy.json. */
  file?: string | undefined;
  /** The name of the entry. Default: the entry that has the hash of the module. */
  plugin?: string | undefined;
  /** `audit` reports each denial to `onEvent` and refuses none; a policy that has ended is still an error. Default: enforce. */
  mode?: 'enforce' | 'audit' | undefined;
  /** Admits a module of another hash if all its powers are granted. Each is reported to `onEvent`. Default: false. */
  allowUnreviewedBuilds?: boolean | undefined;
  /** Receives denials that are not enforced. Default: `onDiagnostic`. */
  onEvent?: ((denial: PolicyDenial) => void) | undefined;
}

/** An access that a policy does not allow. */
export interface PolicyDenial {
  /** BUDGET_EXCEEDED comes at the end of a call, and only in the mode `audit`. */
  code: 'POLICY_DENIED' | 'LOCK_UNVERIFIABLE' | 'BUDGET_EXCEEDED';
  /** The name of the entry; null if the policy has none for this plugin. */
  plugin: string | null;
  /** The grant, or the limits, that would allow it. */
  needs: Partial<PolicyGrant> | { limits: PolicyLimits };
  /** The place where it belongs, or where it has ended: file and line, or a path where the policy was given as data. */
  at: string;
  message: string;
}
