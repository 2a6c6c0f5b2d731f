import { CreateError } from '../errors.ts';
import type { Settings } from '../given/settings.ts';
import { type HostFunction, isAsyncFunction, typeOfHostFunction } from '../host/function.ts';
import type { PluginModule } from '../module/compile.ts';
import { MAIN } from '../module/source.ts';
import { type FunctionType, formatType } from '../wasm/reader.ts';
import { findMistake, findProvided, howToGive, whyNotProvided } from './provided.ts';

/** One import and its provider. */
export interface Link {
  namespace: string;
  name: string;
  /** The type that the module declares; undefined if the import is not a function, or if types cannot be seen. */
  type: FunctionType | undefined;
  provider:
    | { kind: 'kernel' }
    | { kind: 'wasi' }
    | { kind: 'host'; fn: HostFunction; isAsync: boolean }
    /** A host function, as a worker sees it: the number under which the caller's thread serves it. */
    | { kind: 'remote'; index: number }
    /** An export with the name of the import, of the module whose name is the namespace. */
    | { kind: 'module'; module: string };
}

export interface LinkedModule extends PluginModule {
  links: readonly Link[];
  /** Whether the module is a program, recognised by its export `_start`: each call of it runs in a new instance. */
  isCommand: boolean;
}

/** The provider of each import: an export of a module, or a function of the host. Nothing is instantiated yet. */
export interface LinkPlan {
  main: LinkedModule;
  /** Modules by name, in the order of the manifest. */
  modules: ReadonlyMap<string, LinkedModule>;
}

/** Whether the code of a module has checks, which call a function of the host. */
export const hasChecks = ({ modules }: LinkPlan): boolean =>
  [...modules.values()].some(module => module.hasChecks);

/** Whether the code of a module counts fuel. */
export const hasFuel = ({ modules }: LinkPlan): boolean =>
  [...modules.values()].some(module => module.hasFuel);

export const modulesOf = ({ modules }: LinkPlan): WebAssembly.Module[] =>
  [...modules.values()].map(({ module }) => module);

/** A problem with one import. */
interface Finding {
  code: 'UNRESOLVED_IMPORTS' | 'IMPORT_TYPE_MISMATCH';
  module: string;
  message: string;
}

/**
 * Chooses the provider of each import: another module, then the caller's functions, then WASI or the kernel.
 * @throws {CreateError} UNRESOLVED_IMPORTS or IMPORT_TYPE_MISMATCH; the message lists every import with the problem
 */
export function planLinks(modules: readonly PluginModule[], settings: Settings): LinkPlan {
  const byName = new Map(modules.map(module => [module.name, module]));
  const findings: Finding[] = [];
  const linked = modules.map((module): LinkedModule => {
    const links = module.imports.flatMap((item, index) => {
      const type = module.signatures?.imports[index];
      const found = findProvider(item, type, byName, settings);
      if (!('kind' in found)) {
        findings.push({ ...found, module: module.name });
        return [];
      }
      return { namespace: item.module, name: item.name, type, provider: found };
    });
    return { ...module, links, isCommand: isCommand(module) };
  });
  const plan = { modules: new Map(linked.map(module => [module.name, module])) };
  const main = plan.modules.get(MAIN)!;
  report(linked, findings);
  return { ...plan, main };
}

type Provider = Link['provider'];

/** Looks for a provider in the order of `planLinks`. */
function findProvider(
  { module: namespace, name, kind }: WebAssembly.ModuleImportDescriptor,
  type: FunctionType | undefined,
  modules: ReadonlyMap<string, PluginModule>,
  settings: Settings,
): Provider | Omit<Finding, 'module'> {
  const label = `${namespace}.${name}`;
  const unresolved = (hint: string) =>
    ({ code: 'UNRESOLVED_IMPORTS', message: `${label}: ${hint}` }) as const;
  const mismatch = (declared: string, provided: string) => {
    const message = `${label}: the plugin declares ${declared}, but it is ${provided}`;
    return { code: 'IMPORT_TYPE_MISMATCH', message } as const;
  };
  const check = (provider: Provider, providedType: FunctionType | undefined) => {
    if (!type || !providedType) return provider;
    const [declared, provided] = [formatType(type), formatType(providedType)];
    // A type index has another meaning in each module, so types with one cannot be compared here. The engine checks them.
    const isComparable = !/\(ref (null )?\d/.test(declared + provided);
    return isComparable && declared !== provided ? mismatch(declared, provided) : provider;
  };

  const module = modules.get(namespace);
  const exportedKind = module?.exportKinds.get(name);
  if (module && exportedKind) {
    if (exportedKind !== kind) return mismatch(`a ${kind}`, `a ${exportedKind}`);
    if (kind !== 'function' && isCommand(module)) {
      return unresolved(
        `a ${kind} of a command, which is a new instance in each call; only its functions can be used`,
      );
    }
    if (kind === 'memory' && module.hasFresh) return unresolved('memory of a module prepared with --fresh');
    return check({ kind: 'module', module: namespace }, module.signatures?.exports.get(name));
  }
  const fn = kind === 'function' ? ownValue(ownValue(settings.functions, namespace), name) : undefined;
  if (fn) {
    return check({ kind: 'host', fn, isAsync: isAsyncFunction(fn) }, typeOfHostFunction(fn));
  }
  if (module) {
    const names = module.exports.map(item => item.name).join(', ');
    return unresolved(`the module "${namespace}" has no such export; it has ${names || 'none'}`);
  }
  if (kind !== 'function') return unresolved(whyNotProvided(kind));
  const provided = findProvided(namespace, name);
  if (!provided) return unresolved(findMistake(namespace, name)?.hint ?? howToGive(namespace, name));
  if (provided.abi === 'wasi' && !settings.useWasi) {
    return unresolved('WASI is refused by useWasi: false; leave the option out');
  }
  return check({ kind: provided.abi }, provided.type);
}

function isCommand({ name, exportKinds }: PluginModule): boolean {
  const has = (wanted: string) => exportKinds.get(wanted) === 'function';
  return name !== MAIN && has('_start') && !has('_initialize');
}

const SUMMARIES = { UNRESOLVED_IMPORTS: 'nothing provides', IMPORT_TYPE_MISMATCH: 'imports of another type' };

/** Throws one error for all findings of one code. Missing imports come before imports of another type. */
function report(modules: readonly LinkedModule[], findings: readonly Finding[]): void {
  for (const [code, summary] of Object.entries(SUMMARIES) as [Finding['code'], string][]) {
    const found = findings.filter(finding => finding.code === code);
    if (found.length === 0) continue;
    const of = (name: string) => found.filter(({ module }) => module === name).map(({ message }) => message);
    const parts = modules.flatMap(({ name }) => {
      const messages = of(name).map(message => `  ${message}`);
      return messages.length === 0 ? [] : [`${describeChain(name, modules)}: ${summary}`, ...messages];
    });
    throw new CreateError(code, parts.join('\n'));
  }
}

/** Describes a module by the shortest chain of imports to it: `module "c" (main imports a, which imports c)`. */
function describeChain(wanted: string, modules: readonly LinkedModule[]): string {
  const chains = new Map([[MAIN, [MAIN]]]);
  // The loop also visits entries that are added to the map meanwhile.
  for (const [name, chain] of chains) {
    for (const { provider } of modules.find(module => module.name === name)?.links ?? []) {
      if (provider.kind !== 'module' || chains.has(provider.module)) continue;
      chains.set(provider.module, [...chain, provider.module]);
    }
  }
  const [first, ...rest] = chains.get(wanted) ?? [wanted];
  if (rest.length === 0) return `module "${wanted}"`;
  return `module "${wanted}" (${first} imports ${rest.join(', which imports ')})`;
}

function ownValue<T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return object && Object.hasOwn(object, key) ? object[key] : undefined;
}
