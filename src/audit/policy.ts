import type { Preopen } from '../../wasi/index.ts';
import { CreateError } from '../errors.ts';
import type { Budgets, WatchedBudgets } from '../given/budgets.ts';
import type { PolicyDenial, PolicyGrant, PolicyLimits, PolicyOptions } from '../given/policy-types.ts';
import type { Given, Mount } from '../given/settings.ts';
import { coded } from '../host/function.ts';
import { findReflow } from '../inspect/reflow.ts';
import { LIMITS } from '../limits.ts';
import type { LinkPlan } from '../link/plan.ts';
import { builtFacts } from '../module/built.ts';
import type { LoadedSource } from '../module/source.ts';
import { capabilitiesOfImport } from './capabilities.ts';
import { covers } from './covers.ts';
import { endOf, type GrantKind, kindOf, type ReadPolicy } from './policy-file.ts';
import { openPolicyFile, readPolicyOptions, timeOf } from './policy-options.ts';

/** A plugin could not be created, since its policy does not allow it. */
export class PolicyError extends CreateError {
  override readonly name = 'PolicyError';
  /** Each access that the policy does not allow. */
  readonly denials: readonly PolicyDenial[];
  constructor(denials: readonly PolicyDenial[]) {
    super(denials[0]!.code, denials.map(({ message }) => message).join('\n'));
    this.denials = denials;
  }
}

/** A module before it is compiled. */
export interface NamedSource {
  name: string;
  source: LoadedSource;
}

/** The sources of the manifest's keys and of the options, in which the limits of the policy stand too. */
export interface GivenKeys {
  manifest: Given;
  options: Given;
  /** Budgets of a policy that only reports. */
  watched?: WatchedBudgets;
}

/**
 * Checks plugins against a policy while they are created: first hashes, hosts, folders, config and limits, then, once the
 * modules are linked, host functions and powers.
 */
export class Policy {
  readonly #read: ReadPolicy;
  readonly #options: PolicyOptions;
  readonly #nowMs: number;
  readonly #tell: (denial: PolicyDenial) => void;
  /** Entries of the policy by module. Null: the policy has none for it. */
  readonly #entries = new Map<string, number | null>();

  /** @throws {CreateError} INVALID_POLICY and the codes of signatures */
  static async open(
    given: unknown,
    onDiagnostic: ((event: PolicyDenial) => void) | undefined,
  ): Promise<Policy> {
    const options = readPolicyOptions(given);
    return new Policy(await openPolicyFile(options), { onEvent: onDiagnostic, ...options });
  }

  private constructor(read: ReadPolicy, options: PolicyOptions) {
    this.#read = read;
    this.#options = options;
    this.#nowMs = timeOf(options);
    this.#tell = coded('option.policy.onEvent', options.onEvent ?? (() => {}));
  }

  /**
   * Checks the modules by their hashes, and the keys of manifest and options. Returns them with the limits of the policy.
   * @throws {PolicyError}
   */
  admit(modules: readonly NamedSource[], { manifest, options }: GivenKeys): GivenKeys {
    const denials = modules.flatMap(module => this.#admitModule(module));
    const entries = this.#ownEntries();
    const given = { ...manifest, ...options };
    for (const needs of asked(given)) denials.push(...this.#check(needs, entries));
    const limits = this.#limitsOf(entries);
    denials.push(...this.#checkLimits(given, { ...manifest.memory, ...options.memory }, limits, entries));
    this.#conclude(denials);
    if (!this.#isAudit) return withLimits({ manifest, options }, limits);
    const watched = this.#watch(limits, entries);
    return { manifest, options, ...(Object.keys(watched.limits).length > 0 && { watched }) };
  }

  /** Checks host functions and powers of linked modules. @throws {PolicyError} */
  checkLinks({ modules }: LinkPlan): void {
    const opensFiles = [...modules.values()].some(({ links }) =>
      links.some(({ name, provider }) => provider.kind === 'wasi' && name === 'path_open'),
    );
    const denials: PolicyDenial[] = [];
    for (const { name: module, links } of modules.values()) {
      const needed = new Map<string, Partial<PolicyGrant>>();
      for (const { namespace, name, provider } of links) {
        if (provider.kind === 'module') continue;
        const isHost = provider.kind === 'host' || provider.kind === 'remote';
        const origin = !isHost ? provider.kind : findReflow(namespace, name) ? 'reflow' : 'host';
        for (const power of capabilitiesOfImport({ namespace, name }, origin, opensFiles)) {
          const needs = power === 'host-function' ? { namespace, function: name } : { power };
          needed.set(JSON.stringify(needs), needs);
        }
      }
      const entry = this.#entries.get(module) ?? null;
      for (const needs of needed.values()) denials.push(...this.#check(needs, entry === null ? [] : [entry]));
    }
    this.#conclude(denials);
  }

  get #isAudit(): boolean {
    return this.#options.mode === 'audit';
  }

  /** The entries of all modules. */
  #ownEntries(): number[] {
    return [...new Set(this.#entries.values())].filter(entry => entry !== null);
  }

  #admitModule({ name, source }: NamedSource): PolicyDenial[] {
    const { plugins } = this.#read.data;
    const { plugin } = this.#options;
    const candidates = plugins.flatMap((entry, index) =>
      plugin === undefined || entry.name === plugin ? [index] : [],
    );
    const only = candidates.length === 1 ? candidates[0]! : null;
    const hashes = hashesOf(source);
    const found = candidates.find(index => hashes.some(hash => this.#find({ hash }, index)));
    this.#entries.set(name, found ?? only);
    if (found !== undefined) return [];
    if (hashes.length === 0) {
      const why = `module "${name}" came compiled, so its hash is not known; give its bytes, or import it through plugboard/esbuild or plugboard/vite`;
      return [this.#denial('LOCK_UNVERIFIABLE', {}, only === null ? [] : [only], why)];
    }
    const where = `module "${name}": `;
    // An unknown build belongs to no entry, unless there is only one.
    const denials = this.#check({ hash: hashes[0]! }, candidates, where, only === null ? [] : [only]);
    if (!this.#options.allowUnreviewedBuilds) return denials;
    for (const denial of denials) this.#tell(denial);
    return [];
  }

  /** Whether a grant of an entry covers the need, and has not ended. */
  #find(needs: Partial<PolicyGrant>, entry: number): boolean {
    return this.#read.data.plugins[entry]!.grants.some(
      grant => covers(grant, needs) && !this.#hasEnded(grant),
    );
  }

  #hasEnded({ until }: PolicyGrant): boolean {
    return until !== undefined && endOf(until)! < this.#nowMs;
  }

  /** Returns the denial of a need that no grant of the entries covers. `named` are the entries in which it belongs. */
  #check(
    needs: Partial<PolicyGrant>,
    entries: readonly number[],
    where = '',
    named: readonly number[] = entries,
  ): PolicyDenial[] {
    if (entries.some(entry => this.#find(needs, entry))) return [];
    const ended = entries.flatMap(entry =>
      this.#read.data.plugins[entry]!.grants.flatMap((grant, index) =>
        covers(grant, needs) ? [{ entry, index, until: grant.until! }] : [],
      ),
    )[0];
    const text = JSON.stringify({ ...needs, reason: '…' });
    if (ended) {
      const at = this.#read.at(ended.entry, 'grants', ended.index);
      const message = `${where}the grant of ${nameOf(needs)} has ended (${ended.until})`;
      return [this.#denial('POLICY_DENIED', needs, [ended.entry], message, at)];
    }
    return [
      this.#denial(
        'POLICY_DENIED',
        needs,
        named,
        `${where}${nameOf(needs)} is not granted; to allow it, add ${text}`,
      ),
    ];
  }

  #denial(
    code: PolicyDenial['code'],
    needs: PolicyDenial['needs'],
    entries: readonly number[],
    message: string,
    place?: string,
  ): PolicyDenial {
    const [entry] = entries;
    const plugin = entry === undefined ? null : this.#read.data.plugins[entry]!.name;
    const at = place ?? (entry === undefined ? this.#read.atPlugins : this.#read.at(entry, 'grants'));
    const who = plugin === null ? 'no plugin of the policy' : `plugin ${JSON.stringify(plugin)}`;
    return { code, plugin, needs, at, message: `${at}: ${who}: ${message}` };
  }

  /** Returns the smallest limits of all entries. */
  #limitsOf(entries: readonly number[]): PolicyLimits {
    const smallest: PolicyLimits = {};
    for (const entry of entries) {
      const { limits = {} } = this.#read.data.plugins[entry]!;
      for (const [key, most] of Object.entries(limits) as [keyof PolicyLimits, number][])
        smallest[key] = Math.min(most, smallest[key] ?? most);
    }
    return smallest;
  }

  #checkLimits(
    given: Given,
    memory: Given['memory'],
    limits: PolicyLimits,
    entries: readonly number[],
  ): PolicyDenial[] {
    const asked: PolicyLimits = {
      ...given.limits,
      timeoutMs: given.timeoutMs,
      ...memory,
      max_pages: memory.maxGrowthPages,
    };
    return (Object.keys({ ...limits, ...DEFAULTS }) as (keyof PolicyLimits)[]).flatMap(key => {
      const most = limits[key] ?? DEFAULTS[key];
      const value = asked[key];
      if (most === undefined || value === undefined || value <= most) return [];
      const of = limits[key] === undefined ? 'the default' : 'the policy';
      const message = `the limit ${key} is ${value}, over ${of}, which allows ${most}; lower it, or allow ${JSON.stringify({ limits: { [key]: value } })}`;
      return [this.#overLimit('POLICY_DENIED', { [key]: value }, entries, message)];
    });
  }

  /** Returns the budgets of the policy, and the report of a call that used more than one of them. */
  #watch(limits: PolicyLimits, entries: readonly number[]): WatchedBudgets {
    // Both change the bytes of the plugin, which a policy that refuses nothing leaves as they are.
    const { fuel: _, memoryPages: __, ...budgets } = budgetsOf(limits);
    return {
      limits: budgets,
      tell: (name, used) => {
        const allow = JSON.stringify({ limits: { [name]: used } });
        const message = `a call used ${used} of limits.${name}, over the policy, which allows ${budgets[name]}; to allow it, set ${allow}`;
        this.#tell(this.#overLimit('BUDGET_EXCEEDED', { [name]: used }, entries, message));
      },
    };
  }

  #overLimit(
    code: PolicyDenial['code'],
    limits: PolicyLimits,
    entries: readonly number[],
    message: string,
  ): PolicyDenial {
    const at = entries[0] === undefined ? undefined : this.#read.at(entries[0], 'limits');
    return this.#denial(code, { limits }, entries, message, at);
  }

  #conclude(denials: readonly PolicyDenial[]): void {
    if (denials.length === 0) return;
    if (!this.#isAudit) throw new PolicyError(denials);
    for (const denial of denials) this.#tell(denial);
  }
}

/** Limits that hold where neither policy nor manifest gives one. */
const DEFAULTS: PolicyLimits = {
  maxVarBytes: LIMITS.varBytes.default,
  maxHttpResponseBytes: LIMITS.httpResponseBytes.default,
};

const nameOf = (needs: Partial<PolicyGrant>): string => {
  const kind: GrantKind = kindOf(needs);
  const name = needs.namespace === undefined ? '' : `${JSON.stringify(needs.namespace)} `;
  return `${kind} ${name}${JSON.stringify(needs[kind])}${needs.access === 'write' ? ' for writing' : ''}`;
};

/** The hash of the bytes, and of the file that a build tool made them of. Empty for a module whose bytes nobody knows. */
function hashesOf(source: LoadedSource): string[] {
  if ('bytes' in source) return [source.sha256!];
  const facts = builtFacts.get(source.module);
  return facts ? [facts.fileSha256, facts.sha256] : [];
}

/** The grants that manifest and options ask for. */
function asked({ config, allowedHosts, mounts, preopens }: Given): Partial<PolicyGrant>[] {
  const access = (given: Mount | Preopen) => ({
    access: 'readOnly' in given && given.readOnly ? ('read' as const) : ('write' as const),
  });
  return [
    ...(allowedHosts ?? []).map(host => ({ host })),
    ...(mounts ?? []).map(mount => ({ path: mount.host, ...access(mount) })),
    ...Object.entries(preopens ?? {}).map(([preopen, given]) => ({ preopen, ...access(given) })),
    ...Object.keys(config ?? {}).map(key => ({ config: key })),
  ];
}

const budgetsOf = ({
  timeoutMs: _,
  maxPages: __,
  max_pages: ___,
  maxVarBytes: ____,
  maxHttpResponseBytes: _____,
  ...budgets
}: PolicyLimits): Budgets => budgets;

/** Puts the limits of the policy where manifest and options give none. */
function withLimits({ manifest, options }: GivenKeys, limits: PolicyLimits): GivenKeys {
  const { timeoutMs, max_pages: maxGrowthPages, maxPages, maxVarBytes, maxHttpResponseBytes } = limits;
  const present = <T extends object>(keys: T) =>
    Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
  return {
    manifest: {
      ...present({ timeoutMs }),
      ...manifest,
      memory: {
        ...present({ maxGrowthPages, maxPages, maxVarBytes, maxHttpResponseBytes }),
        ...manifest.memory,
      },
    },
    options: { ...options, limits: { ...budgetsOf(limits), ...options.limits } },
  };
}
