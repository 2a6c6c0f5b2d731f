import { GuestMemory, MAX_IOVECS } from '../../wasi/memory.ts';
import { equal, is } from '../helpers/assert.ts';
import { suite } from '../helpers/suite.ts';
import { PAGE_BYTES, u32 } from './guest.ts';

const bound = (memory: WebAssembly.Memory) => {
  const guest = new GuestMemory();
  guest.bind(memory);
  return guest;
};
const page = () => bound(new WebAssembly.Memory({ initial: 1, maximum: 4 }));

suite('wasi/memory', test => {
  test('unbound memory holds only ranges of 0 bytes', () => {
    const memory = new GuestMemory();
    is(memory.bound, false);
    is(memory.holds(0, 1), false);
    is(memory.u32(0), undefined);
    is(memory.setU32(0, 1), false);
    is(memory.bytes(0, 1), undefined);
    is(memory.iovecs(0, 1, 100), undefined);
  });

  for (const { name, bytes, get, set, value } of [
    {
      name: 'u8',
      bytes: 1,
      value: 0xfe,
      get: (m: GuestMemory, p: number) => m.u8(p),
      set: (m: GuestMemory, p: number) => m.setU8(p, 0xfe),
    },
    {
      name: 'u16',
      bytes: 2,
      value: 0xfedc,
      get: (m: GuestMemory, p: number) => m.u16(p),
      set: (m: GuestMemory, p: number) => m.setU16(p, 0xfedc),
    },
    {
      name: 'u32',
      bytes: 4,
      value: 0xfedc_ba98,
      get: (m: GuestMemory, p: number) => m.u32(p),
      set: (m: GuestMemory, p: number) => m.setU32(p, 0xfedc_ba98),
    },
    {
      name: 'u64',
      bytes: 8,
      value: 0xfedc_ba98_7654_3210n,
      get: (m: GuestMemory, p: number) => m.u64(p),
      set: (m: GuestMemory, p: number) => m.setU64(p, 0xfedc_ba98_7654_3210n),
    },
  ])
    test(`${name} is little-endian, ${bytes} bytes, and ends at the end`, () => {
      const memory = page();
      const last = PAGE_BYTES - bytes;
      is(set(memory, last), true);
      is(get(memory, last), value);
      is(memory.u8(last), Number(BigInt(value) & 0xffn));
      for (const pointer of [last + 1, PAGE_BYTES, 0xffff_ffff]) {
        is(set(memory, pointer), false);
        is(get(memory, pointer), undefined);
      }
    });

  test('growth is seen at once, in plain and in shared memory', () => {
    for (const memory of [
      new WebAssembly.Memory({ initial: 1, maximum: 4 }),
      new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true }),
    ]) {
      const guest = bound(memory);
      is(guest.setU8(0, 7), true);
      is(guest.holds(PAGE_BYTES, 1), false);
      memory.grow(1);
      is(guest.holds(PAGE_BYTES, 1), true);
      is(guest.u8(0), 7);
      is(guest.setU8(2 * PAGE_BYTES - 1, 9), true);
    }
  });

  test('iovecs are cut to the number and the sum of bytes allowed', () => {
    const memory = page();
    for (let index = 0; index < MAX_IOVECS + 1; index++) {
      memory.setU32(index * 8, index);
      memory.setU32(index * 8 + 4, 3);
    }
    is(memory.iovecs(0, MAX_IOVECS + 1, 1e9)?.length, MAX_IOVECS);
    equal(memory.iovecs(0, 3, 4), [
      { pointer: 0, length: 3 },
      { pointer: 1, length: 1 },
      { pointer: 2, length: 0 },
    ]);
    equal(memory.iovecs(PAGE_BYTES, 0, 4), []);
    is(memory.iovecs(PAGE_BYTES + 1, 0, 4), undefined);
    // The whole list must be inside the memory, not only the part that is used.
    is(memory.iovecs(0, PAGE_BYTES / 8 + 1, 1e9), undefined);
  });

  test('set writes all bytes or none', () => {
    const memory = page();
    is(memory.set(PAGE_BYTES - 3, Uint8Array.from(u32(1))), false);
    is(memory.u8(PAGE_BYTES - 3), 0);
    is(memory.set(PAGE_BYTES - 4, Uint8Array.from(u32(1))), true);
    is(memory.zero(PAGE_BYTES - 4, 5), false);
    is(memory.u32(PAGE_BYTES - 4), 1);
    is(memory.zero(PAGE_BYTES - 4, 4), true);
    is(memory.u32(PAGE_BYTES - 4), 0);
  });
});
