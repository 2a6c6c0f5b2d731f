import { Memory } from '@extism/as-pdk';
import { length } from '@extism/as-pdk/lib/env';
import { Json } from './json';
import { readJson } from './json-reader';
import { writeJson } from './json-writer';
import { Packet } from './message';

@external('extism:host/user', '__get_state')
declare function __get_state(key: u64): u64;
@external('extism:host/user', '__set_state')
declare function __set_state(key: u64, value: u64): void;
@external('extism:host/user', '__send_output')
declare function __send_output(outputs: u64): void;

/** The PDK's own functions store text byte by byte, each with a call of the host. */
export function allocateBytes(bytes: Uint8Array): Memory {
  const memory = Memory.allocate(bytes.length);
  memory.store(bytes);
  return memory;
}

export function allocateText(text: string): Memory {
  return allocateBytes(Uint8Array.wrap(String.UTF8.encode(text)));
}

/** Returns the live value of a key, with `setState` of the same call included. A missing key and a stored null are null. */
export function getState(key: string): Json {
  const keyMemory = allocateText(key);
  const offset = __get_state(keyMemory.offset);
  keyMemory.free();
  if (offset == 0) return Json.null();
  return readJson(new Memory(offset, length(offset)).toUint8Array()).value;
}

/** Stores a value at once; the last write wins. A state in the result replaces it. */
export function setState(key: string, value: Json): void {
  const keyMemory = allocateText(key);
  const valueMemory = allocateBytes(writeJson(value));
  __set_state(keyMemory.offset, valueMemory.offset);
  keyMemory.free();
  valueMemory.free();
}

/**
 * Sends one packet at once, before the packet of the result.
 * @param outputs an object of plain values by outport, of which the host makes messages
 */
export function sendOutput(outputs: Json): void {
  const memory = allocateBytes(writeJson(outputs));
  __send_output(memory.offset);
  memory.free();
}

/**
 * Sends messages as `sendOutput` does. Types that plain JSON lacks arrive as another: Flow as the String "flow", Error as
 * String, Stream as Array, Event and Any as whatever their value is.
 */
export function sendOutputMessages(outputs: Packet): void {
  const values = Json.object();
  const ports = outputs.keys();
  for (let index = 0; index < ports.length; index++) {
    values.set(ports[index], outputs.get(ports[index]).toPlain());
  }
  sendOutput(values);
}
