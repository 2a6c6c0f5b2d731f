import { WASM_HEADER } from '../../abi/encode.ts';
import { NO_WASM } from '../../abi/errors.ts';
import { isArrayBuffer, isModule, viewBytes } from '../../wasi/brands.ts';
import { guarded, type Refuse, refuseExtra } from '../../wasi/options.ts';
import { isTooLargeAtOnce } from '../engine/error-texts.ts';
import { compilesBytes } from '../engine/features.ts';
import { describe, messageOf, PlugboardError } from '../errors.ts';
import { findMistake, findProvided, howToGive, whyNotProvided } from '../link/provided.ts';
import { chooseStartFunctions } from '../link/start-functions.ts';
import { readModuleName, readProducers, readTargetFeatures } from '../wasm/custom.ts';
import { type ModuleExport, type ModuleImport, type ModuleOutline, readModule } from '../wasm/reader.ts';
import { type FunctionType, formatExtern, formatType } from '../wasm/types.ts';
import { findAdvice } from './advice.ts';
import type {
  ImportGroup,
  InspectedExport,
  InspectedImport,
  InspectedSection,
  Inspection,
} from './inspection.ts';
import { findReflow, REFLOW_FUNCTIONS } from './reflow.ts';

/** The known data of a module, read from its bytes, or from the engine for a compiled module. */
interface Seen {
  bytes: Uint8Array | null;
  outline: ModuleOutline;
  sections: InspectedSection[];
  custom(name: string): Uint8Array | undefined;
  valid: boolean;
  /** The engine's reason for not accepting the module; null if it gives none. */
  refusal: string | null;
  unknown: string[];
}

/**
 * Describes a module and its needs without running it. A compiled module shows only names; `unknown` lists the missing data.
 * @param source any bytes, valid wasm or not, or a compiled module
 * @throws {PlugboardError} INVALID_INPUT for any other source; INVALID_OPTION for an object as second argument, since
 * `inspect` has no options
 * @example
 * ```js
 * import { readFile } from 'node:fs/promises';
 * import { inspect } from 'plugboard';
 * const bytes = await readFile(new URL(import.meta.resolve('plugboard/examples/tally.wasm')));
 * console.log(inspect(bytes).needs.wasi); // true
 * ```
 */
export function inspect(source: Uint8Array | ArrayBuffer | WebAssembly.Module): Inspection;
export function inspect(
  source: Uint8Array | ArrayBuffer | WebAssembly.Module,
  ...extra: unknown[]
): Inspection {
  refuseExtra(extra, 'inspect', refuse);
  if (!globalThis.WebAssembly) throw new PlugboardError('UNSUPPORTED', `inspect: ${NO_WASM}`);
  const seen = guarded('inspect', refuseSource, () => see(source), PlugboardError);
  const { outline, custom } = seen;
  const imports: Inspection['imports'] = { kernel: [], wasi: [], reflow: [], host: [], other: [] };
  const toGive: ModuleImport[] = [];
  for (const item of outline.imports) {
    const [group, inspected] = inspectImport(item);
    imports[group].push(inspected);
    if (group === 'host') toGive.push(item);
  }
  const exports = outline.exports.map(inspectExport);
  const inspection = {
    sizeBytes: seen.bytes?.length ?? null,
    valid: seen.valid,
    moduleName: read(custom('name'), readModuleName),
    imports,
    exports,
    memories: seen.bytes && outline.memories,
    counts: seen.bytes && {
      functions: outline.functions.length,
      tables: outline.tables,
      globals: outline.globals,
    },
    start: {
      section: seen.bytes && outline.startSection,
      functions: startFunctions(outline.exports),
      command: exports.some(({ name, kind }) => name === '_start' && kind === 'function'),
    },
    reflow: findActor(imports.reflow, exports),
    needs: {
      wasi: imports.wasi.length > 0,
      http: imports.kernel.some(({ name }) => name === 'http_request'),
      functions: writeFunctions(toGive),
    },
    sections: seen.sections,
    producers: read(custom('producers'), readProducers),
    features: read(custom('target_features'), readTargetFeatures),
    unknown: seen.unknown,
  };
  const advice = findAdvice({
    inspection,
    imports: Object.values(imports).flat(),
    outline,
    bytes: seen.bytes,
    refusal: seen.refusal,
  });
  return { ...inspection, advice, runs: !advice.some(({ stops }) => stops) };
}

const refuseAs =
  (code: 'INVALID_OPTION' | 'INVALID_INPUT'): Refuse =>
  (message, _code, options) => {
    throw new PlugboardError(code, message, options);
  };
const refuse = refuseAs('INVALID_OPTION');
const refuseSource = refuseAs('INVALID_INPUT');

const read = <T>(contents: Uint8Array | undefined, reader: (contents: Uint8Array) => T | null): T | null =>
  contents ? reader(contents) : null;

function see(source: unknown): Seen {
  if (isModule(source)) return seeModule(source);
  const bytes = viewBytes(source);
  if (bytes) return seeBytes(bytes);
  const message = `inspect: expected bytes or a WebAssembly.Module, got ${describe(source)}`;
  throw new PlugboardError('INVALID_INPUT', message);
}

function seeBytes(source: Uint8Array): Seen {
  // Copies shared memory: engines refuse it, and another thread could change the bytes while they are read.
  const bytes = isArrayBuffer(source.buffer) ? (source as Uint8Array<ArrayBuffer>) : source.slice();
  const outline = readModule(bytes);
  const valid = WebAssembly.validate(bytes);
  const sections = outline.sections.map(({ id, name, sizeBytes }) => {
    return { name, custom: id === 0, sizeBytes, share: sizeBytes / bytes.length };
  });
  return {
    bytes,
    outline,
    sections,
    valid,
    custom: wanted => {
      const found = outline.sections.find(({ id, name }) => id === 0 && name === wanted);
      return found && bytes.subarray(found.contentsOffset, found.offset + found.sizeBytes);
    },
    refusal: valid ? null : findRefusal(bytes),
    unknown: valid ? outline.problems.map(({ message }) => `the bytes that follow in ${message}`) : [],
  };
}

/** Returns the engine's reason for refusing a module. Null where this thread does not compile it, so that the engine gives none. */
function findRefusal(bytes: Uint8Array<ArrayBuffer>): string | null {
  if (!compilesBytes()) return null;
  try {
    new WebAssembly.Module(bytes);
    return null;
  } catch (error) {
    return isTooLargeAtOnce(error) ? null : messageOf(error);
  }
}

const EMPTY_MODULE = Uint8Array.from(WASM_HEADER);

/** Custom sections to look for in a compiled module: its sections can be read by name, but not listed. */
const WELL_KNOWN = ['name', 'producers', 'target_features', 'sourceMappingURL', 'external_debug_info'].concat(
  ['abbrev', 'info', 'line', 'loc', 'ranges', 'str'].map(name => `.debug_${name}`),
);

function seeModule(module: WebAssembly.Module): Seen {
  const untyped = <Item extends { kind: string }>(item: Item) => ({ ...item, type: null });
  const outline: ModuleOutline = {
    ...readModule(EMPTY_MODULE),
    imports: WebAssembly.Module.imports(module).map(
      ({ module: namespace, name, kind }) => untyped({ namespace, name, kind }) as ModuleImport,
    ),
    exports: WebAssembly.Module.exports(module).map(item => untyped(item) as ModuleExport),
  };
  const contents = new Map(
    WELL_KNOWN.flatMap(name => {
      const [first] = WebAssembly.Module.customSections(module, name);
      return first ? [[name, new Uint8Array(first)] as const] : [];
    }),
  );
  return {
    bytes: null,
    outline,
    sections: [...contents].map(([name, { length }]) => {
      return { name, custom: true, sizeBytes: length, share: null };
    }),
    valid: true,
    custom: name => contents.get(name),
    refusal: null,
    unknown: [
      'types of imports and exports: a compiled module tells names only, so a wrong type shows when it is instantiated or called',
      'size, memories, start section, and custom sections of other names; inspect the bytes to see them',
    ],
  };
}

function inspectImport(item: ModuleImport): [ImportGroup, InspectedImport] {
  const { namespace, name, kind } = item;
  const type = formatExtern(item);
  const row = (
    status: InspectedImport['status'],
    expected: string | null,
    hint: string | null,
  ): InspectedImport => ({ namespace, name, kind, type, expected, status, hint });

  if (item.kind !== 'function') return ['other', row('unknown', null, whyNotProvided(kind))];
  const provided = findProvided(namespace, name);
  const types = provided ? [formatType(provided.type)] : findReflow(namespace, name)?.types;
  if (types) {
    const status = type === null ? 'unchecked' : types.includes(type) ? 'ok' : 'mismatch';
    return [provided?.abi ?? 'reflow', row(status, types[0]!, null)];
  }
  const mistake = findMistake(namespace, name);
  if (mistake) return ['other', row('unknown', null, mistake.hint)];
  return ['host', row('needed', null, howToGive(namespace, name))];
}

function inspectExport(item: ModuleExport): InspectedExport {
  const { name, kind } = item;
  const callable = item.kind === 'function' ? item.type && isCallable(item.type) : false;
  return { name, kind, type: formatExtern(item), callable };
}

const isCallable = ({ params, results }: FunctionType): boolean =>
  params.length === 0 && (results.length === 0 || (results.length === 1 && results[0] === 'i32'));

function startFunctions(exports: readonly ModuleExport[]): string[] {
  const chosen = chooseStartFunctions(({ name, type }) =>
    exports.some(item => {
      if (item.name !== name || item.kind !== 'function') return false;
      // A compiled module shows only the name.
      return item.type === null || type.test(formatType(item.type));
    }),
  );
  return chosen.map(({ name }) => name);
}

function findActor(
  imports: readonly InspectedImport[],
  exports: readonly InspectedExport[],
): Inspection['reflow'] {
  const has = (wanted: string) => exports.some(({ name, callable }) => name === wanted && callable !== false);
  const metadata = has('get_metadata');
  if (!has('process') || (!metadata && imports.length === 0)) return null;
  if (imports.some(({ name, type }) => type !== null && REFLOW_FUNCTIONS.get(name)?.types[1] === type)) {
    return { sdk: 'april-2025', metadata };
  }
  return { sdk: metadata || imports.some(({ status }) => status === 'ok') ? 'current' : null, metadata };
}

/** Writes JavaScript for the option `functions`, with a function that returns zero for each import. */
function writeFunctions(imports: readonly ModuleImport[]): string | null {
  if (imports.length === 0) return null;
  const namespaces = new Map<string, Map<string, string>>();
  for (const item of imports) {
    const functions = namespaces.get(item.namespace) ?? new Map<string, string>();
    namespaces.set(item.namespace, functions.set(item.name, writeFunction(item)));
  }
  const parts = [...namespaces].map(([namespace, functions]) => {
    return `  [${JSON.stringify(namespace)}]: {\n${[...functions.values()].join('')}  },\n`;
  });
  return `functions: {\n${parts.join('')}}`;
}

function writeFunction(item: ModuleImport): string {
  const type = item.kind === 'function' ? item.type : null;
  const params = type ? type.params.map((_, index) => `arg${index}`) : ['...args'];
  const [result] = type?.results ?? [];
  const body = result === undefined ? '{}' : `{ return ${result === 'i64' ? '0n' : '0'}; }`;
  const note = type ? ` // ${formatType(type)}` : '';
  return `    ${JSON.stringify(item.name)}(${['context', ...params].join(', ')}) ${body},${note}\n`;
}
