import { inspect } from '../../src/node.ts';
import { capMemories, isOnlyCapped } from '../../src/wasm/cap-memory.ts';
import { arm, makeAsk } from '../../src/wasm/make-ask.ts';
import { isOnlyMetered, meter } from '../../src/wasm/meter.ts';
import { type ModuleOutline, readModule, readSignatures } from '../../src/wasm/reader.ts';
import { equal, is, ok } from '../helpers/assert.ts';
import { observe } from '../helpers/random-module.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const HEADER_BYTES = 8;

/** Checks the rules that every outline must keep, for broken bytes too. */
export function checkOutline(bytes: Uint8Array, outline: ModuleOutline): void {
  let at = HEADER_BYTES;
  for (const { offset, sizeBytes, contentsOffset } of outline.sections) {
    is(offset, at, 'sections follow each other');
    at += sizeBytes;
    ok(contentsOffset > offset && contentsOffset <= at, 'contents lie in their section');
  }
  ok(at <= bytes.length || outline.sections.length === 0, 'sections lie in the file');
  const { types, imports, exports, functions, problems } = outline;
  const items = types.length + imports.length + exports.length + functions.length;
  ok(items <= bytes.length, 'no more items than bytes');
  for (const { offset } of problems) ok(offset <= bytes.length, 'problems lie in the file');
}

/**
 * Reads any bytes. A module that the engine accepts must be read without a problem, with the engine's imports and exports.
 * Returns whether the engine accepts it.
 */
export function checkRead(bytes: Bytes): boolean {
  const outline = readModule(bytes);
  checkOutline(bytes, outline);
  readSignatures(bytes);
  const { valid, runs, advice } = inspect(bytes);
  const accepted = WebAssembly.validate(bytes);
  is(valid, accepted, 'inspect tells whether the engine accepts the module');
  ok(accepted || !runs, 'an invalid module does not run');
  ok(
    advice.every(({ message }) => message.length > 0 && message.length < 2000),
    'messages have a bounded length',
  );
  for (const transform of [meter, (given: Bytes) => capMemories(given, 1)]) transform(bytes);
  if (!accepted) return false;
  equal(outline.problems, []);
  const module = new WebAssembly.Module(bytes);
  equal(
    outline.imports.map(({ namespace, name, kind }) => ({ module: namespace, name, kind })),
    WebAssembly.Module.imports(module).map(({ module, name, kind }) => ({ module, name, kind })),
  );
  equal(
    outline.exports.map(({ name, kind }) => ({ name, kind })),
    WebAssembly.Module.exports(module).map(({ name, kind }) => ({ name, kind })),
  );
  return true;
}

/** Pages by which a memory of a random module never grows. */
const ENOUGH_PAGES = 10_000;

/** Applies each transform, and both. The module must stay valid, and do the same. */
export function checkTransformed(bytes: Bytes): void {
  ok(WebAssembly.validate(bytes), 'the generated module is valid');
  const expected = observe(bytes, bytes);
  const capped = capMemories(bytes, ENOUGH_PAGES)!;
  ok(isOnlyCapped(bytes, capped), 'only maximums are lower');
  equal(observe(bytes, capped), expected, 'capped');
  const armed = (instance: WebAssembly.Instance) =>
    arm(
      instance,
      makeAsk(() => false),
    );
  for (const before of [bytes, capped]) {
    const metered = meter(before)!;
    ok(WebAssembly.validate(metered), 'the metered module is valid');
    ok(isOnlyMetered(before, metered), 'only checks are added');
    equal(observe(bytes, metered, armed), expected, 'metered');
  }
}

/** Times that the host lets an endless plugin go on. */
const BUDGET = 3;

/** Runs a metered module that may run for ever, and whose export `endless` does. It must be cut. */
export function checkCut(bytes: Bytes): void {
  const metered = meter(bytes)!;
  ok(isOnlyMetered(bytes, metered), 'only checks are added');
  let asked = 0;
  const ask = makeAsk(() => ++asked > BUDGET);
  const seen = observe(bytes, metered, instance => arm(instance, ask));
  const endless = seen.find(line => line.startsWith('endless')) ?? '';
  // An endless recursion may end at the limit of the call stack before the first question.
  const isCut =
    (asked > BUDGET && endless.includes('RuntimeError')) || /RangeError|InternalError/.test(endless);
  ok(isCut || endless === '', seen.at(-1));
}
