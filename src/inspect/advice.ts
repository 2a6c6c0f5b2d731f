import { lazily } from '../../abi/lazily.ts';
import { missingFeatures } from '../engine/features.ts';
import { GO_COMMAND_HINT, GO_COMPILER, GO_EXPORT_HINT } from '../link/go.ts';
import { findMistake, MISTAKES } from '../link/provided.ts';
import { withCommas } from '../units.ts';
import { COMPONENT, isComponent } from '../wasm/component.ts';
import type { ModuleOutline } from '../wasm/reader.ts';
import type { Advice, InspectedImport, Inspection } from './inspection.ts';

/** The data that the rules check. */
export interface Subject {
  inspection: Omit<Inspection, 'advice' | 'runs'>;
  /** Imports of all groups. */
  imports: readonly InspectedImport[];
  outline: ModuleOutline;
  /** Null if `inspect` got a WebAssembly.Module. */
  bytes: Uint8Array | null;
  /** The engine's reason for not accepting the module; null if it gives none. */
  refusal: string | null;
}

interface Rule {
  code: string;
  stops: boolean;
  /** Returns the message, or null if the rule does not apply. */
  find(subject: Subject): string | null;
}

/** Other files that people mistake for a wasm module, by their first bytes. */
const OTHER_FILES: readonly [start: readonly number[] | string, what: string][] = [
  ['(module', 'WebAssembly text; compile it with wat2wasm'],
  ['<', 'a page of HTML or XML; was the download answered with an error page?'],
  ['{', 'JSON, perhaps a manifest; inspect the .wasm file that it names'],
  [[0x1f, 0x8b], 'compressed with gzip; unpack it first'],
  ['\x7fELF', 'a native program or library; compile for a wasm target'],
];

const startsWith = (bytes: Uint8Array, start: readonly number[] | string): boolean =>
  [...start].every((item, index) => bytes[index] === (typeof item === 'string' ? item.charCodeAt(0) : item));

/** Custom sections below this share of the file, or below this size, are not reported. */
const WORTH_TELLING = { share: 0.01, bytes: 1024 };

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Lists names. A long list is cut after the first `most` names. */
const some = (items: readonly string[], most = 4): string =>
  items.length <= most
    ? items.join(', ')
    : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

const label = ({ namespace, name }: InspectedImport): string => `${namespace}.${name}`;

const hasFunction = ({ inspection }: Subject, name: string): boolean =>
  inspection.exports.some(item => item.kind === 'function' && item.name === name);

/**
 * Text that Go and TinyGo put into the data of modules with `//go:wasmexport`, and only of those.
 * RATIONALE: why-does-inspect-look-for-a-runtimes-panic-text
 */
const GO_PANIC = 'wasmexport function called before runtime initialization';

const ACTOR_EXPORTS = ['get_metadata', 'process'];

/** Ends the names of the functions that TinyGo makes for `//go:wasmexport`. With `-panic=trap` the module lacks the text. */
const TINYGO_NAME = '#wasmexport';

const CHUNK_BYTES = 1 << 20;
const decoder = lazily(() => new TextDecoder());

/** Whether a section holds this ASCII text. Decodes it in pieces, because engines limit the length of a string. */
function sectionHolds({ bytes, outline }: Subject, wanted: 'data' | 'name', text: string): boolean {
  const section = outline.sections.find(({ name, id }) => name === wanted && id > 0 === (wanted === 'data'));
  if (!bytes || !section) return false;
  const end = section.offset + section.sizeBytes;
  for (let at = section.contentsOffset; at < end; at += CHUNK_BYTES) {
    const piece = bytes.subarray(at, Math.min(end, at + CHUNK_BYTES + text.length));
    if (decoder().decode(piece).includes(text)) return true;
  }
  return false;
}

/** Returns the features that a module certainly uses, and those that its compiler was allowed to use. */
function usedFeatures({ inspection, outline }: Subject): string[] {
  return [
    ...(inspection.features ?? []),
    ...(outline.memories.length > 1 ? ['multimemory'] : []),
    ...(outline.memories.some(({ is64 }) => is64) ? ['memory64'] : []),
    ...(outline.types.includes(null) ? ['gc'] : []),
    ...(outline.sections.some(({ name }) => name === 'tag') ? ['exception-handling'] : []),
  ];
}

const findCustom = ({ inspection }: Subject, names: RegExp) =>
  inspection.sections.filter(({ custom, name }) => custom && names.test(name));

const hasCustom =
  (names: RegExp, what: string) =>
  (subject: Subject): string | null => {
    const found = findCustom(subject, names).map(({ name }) => name);
    return found.length === 0 ? null : `it has ${some(found)}: ${what}`;
  };

/** Reports custom sections that could be left out, if they are large enough. */
const hasLargeCustom =
  (names: RegExp, what: string) =>
  (subject: Subject): string | null => {
    const found = findCustom(subject, names);
    const bytes = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const share = bytes / (subject.inspection.sizeBytes ?? bytes);
    if (bytes < WORTH_TELLING.bytes || share < WORTH_TELLING.share) return null;
    const ofFile = subject.bytes ? `, ${percent(share)} of the file` : '';
    return `${some(found.map(({ name }) => name))} (${withCommas(bytes)} bytes${ofFile}): ${what}`;
  };

const isOtherFile = ({ outline }: Subject): boolean =>
  outline.problems.some(({ section, offset }) => section === null && offset === 0);

const RULES: readonly Rule[] = [
  {
    code: 'NOT_WASM',
    stops: true,
    find: subject => {
      const { bytes, outline } = subject;
      if (!bytes || !isOtherFile(subject)) return null;
      const what = isComponent(bytes)
        ? COMPONENT
        : OTHER_FILES.find(([start]) => startsWith(bytes, start))?.[1];
      return what ? `it is ${what}` : outline.problems[0]!.message;
    },
  },
  {
    code: 'ENGINE_FEATURES',
    stops: true,
    find: subject => {
      const missing = subject.inspection.valid ? [] : missingFeatures(usedFeatures(subject));
      if (missing.length === 0) return null;
      return `it was built for ${missing.join(', ')}, which this engine does not have; build without, or run it on a newer one`;
    },
  },
  {
    code: 'INVALID_WASM',
    stops: true,
    find: subject => {
      const { inspection, outline, refusal } = subject;
      if (inspection.valid || isOtherFile(subject)) return null;
      const reasons = outline.problems.slice(0, 3).map(({ message }) => message);
      return `the engine does not accept it: ${[...reasons, ...(refusal === null ? [] : [refusal])].join('; ')}`;
    },
  },
  {
    code: 'OBJECT_FILE',
    stops: true,
    find: hasCustom(
      /^(linking|reloc\..*)$/,
      'it is an object file; link it with wasm-ld or the compiler driver',
    ),
  },
  {
    code: 'DYNAMIC_LIBRARY',
    stops: true,
    find: hasCustom(/^dylink(\.0)?$/, 'it is a dynamic library, which needs a loader; link it statically'),
  },
  {
    code: 'NOT_A_FUNCTION',
    stops: true,
    find: ({ imports }) => {
      const found = imports.filter(({ kind }) => kind !== 'function');
      return found.length === 0 ? null : `${some(found.map(label))}: ${found[0]!.hint}`;
    },
  },
  ...MISTAKES.map(
    (mistake): Rule => ({
      code: mistake.code,
      stops: true,
      find: ({ imports }) => {
        const found = imports.filter(
          ({ namespace, name, kind, status }) =>
            status === 'unknown' && kind === 'function' && findMistake(namespace, name) === mistake,
        );
        return found.length === 0 ? null : `${some(found.map(label))}: ${mistake.hint}`;
      },
    }),
  ),
  {
    code: 'IMPORT_TYPE_MISMATCH',
    stops: true,
    find: ({ imports }) => {
      const found = imports.filter(({ status }) => status === 'mismatch');
      if (found.length === 0) return null;
      const texts = found.map(item => `${label(item)} is ${item.expected}, declared as ${item.type}`);
      return `${some(texts)}; rebuild it with a current PDK, or correct the declaration`;
    },
  },
  {
    code: 'NO_MEMORY',
    stops: false,
    find: ({ inspection: { needs, exports } }) => {
      if (!needs.wasi || exports.some(({ name, kind }) => name === 'memory' && kind === 'memory'))
        return null;
      return 'it imports WASI but exports no memory named "memory": a WASI function that works on memory ends the call; export it';
    },
  },
  {
    code: 'GO_WASMEXPORT',
    stops: true,
    find: subject => {
      if (!hasFunction(subject, '_start') || hasFunction(subject, '_initialize')) return null;
      if (!sectionHolds(subject, 'data', GO_PANIC) && !sectionHolds(subject, 'name', TINYGO_NAME))
        return null;
      return (
        'it is a Go command with exports made by //go:wasmexport, which trap: the Go runtime starts in _start and has ended ' +
        `when that returns; ${GO_COMMAND_HINT}`
      );
    },
  },
  {
    code: 'NOTHING_TO_CALL',
    stops: true,
    find: ({ inspection: { exports, start, valid } }) => {
      const found = exports.some(
        ({ name, callable }) => callable !== false && !start.functions.includes(name),
      );
      if (!valid || found) return null;
      return 'it exports no function of type () -> () or () -> (i32), the only types that a host can call; input and output go through the kernel';
    },
  },
  {
    code: 'GO_EXPORT',
    stops: false,
    find: ({ inspection: { producers, exports, start } }) => {
      const isGo = producers?.processedBy.some(tool => tool.startsWith(GO_COMPILER)) ?? false;
      if (!isGo) return null;
      const own = exports.filter(
        ({ name, kind }) => kind === 'function' && name !== '_start' && !start.functions.includes(name),
      );
      if (own.length === 0)
        return `it exports its start only, as a program does; for a plugin, ${GO_EXPORT_HINT}`;
      const [one, other] = ACTOR_EXPORTS.filter(name => own.some(item => item.name === name));
      if (one === undefined || other !== undefined) return null;
      const missing = ACTOR_EXPORTS.find(name => name !== one);
      return `it exports ${one} without ${missing}; an actor has both: ${GO_EXPORT_HINT}`;
    },
  },
  {
    code: 'REFLOW_OLD_SDK',
    stops: false,
    find: ({ inspection: { reflow } }) => {
      if (reflow?.sdk !== 'april-2025' || reflow.metadata) return null;
      return (
        'built with the Reflow SDK of April 2025: it takes and gives plain values by port, without config or metadata, and ' +
        'ScriptActor serves it so; rebuild it with a later SDK to have both'
      );
    },
  },
  {
    code: 'DEBUG_INFO',
    stops: false,
    find: hasLargeCustom(
      /^(\.debug_|external_debug_info$|sourceMappingURL$)/,
      "debug information; make a release build (Rust: --release and strip = true; Go: -ldflags='-s -w'), or wasm-opt -Oz --strip-debug",
    ),
  },
  {
    code: 'NAME_SECTION',
    stops: false,
    find: hasLargeCustom(
      /^name$/,
      'names of functions, which make stack traces readable; wasm-opt --strip-debug (Go: -ldflags=-s) leaves them out',
    ),
  },
];

/** Returns all advice for a module. Advice that stops the module comes first. */
export const findAdvice = (subject: Subject): Advice[] =>
  RULES.flatMap(({ code, stops, find }) => {
    const message = find(subject);
    return message === null ? [] : [{ code, stops, message }];
  });
