import { TABLE_BYTES } from '../../abi/block-table.ts';
import { HEADER, HEADER_BYTES } from '../../abi/header.ts';
import { KernelMemory } from '../../abi/index.ts';
import { MAX_GRANULES, SIZE_CLASSES, sizeClass } from '../../abi/size-classes.ts';
import { equal, is, ok, raises } from '../helpers/assert.ts';
import { Random } from '../helpers/random.ts';
import { suite } from '../helpers/suite.ts';

suite('abi/memory', test => {
  test('random allocations and frees: live blocks never overlap, lengths are right (seeds 0 to 39)', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const memory = new KernelMemory({ maxBytes: 3 << 20 });
      const live = new Map<number, number>();
      for (let step = 0; step < 400; step++) {
        if (live.size > 0 && random.below(3) === 0) {
          const handle = random.pick([...live.keys()]);
          ok(memory.free(handle) && !memory.free(handle));
          live.delete(handle);
          continue;
        }
        const length = 1 + random.below(random.pick([16, 300, 40_000]));
        let handle: number;
        try {
          handle = memory.alloc(length);
        } catch {
          continue;
        }
        for (const [start, other] of live) {
          ok(
            handle + length <= start || start + other <= handle,
            `seed ${seed}: ${handle} overlaps ${start}`,
          );
        }
        live.set(handle, length);
      }
      for (const [handle, length] of live) is(memory.length(handle), length, `seed ${seed}`);
    }
  });

  test('before the first reset, the input is empty and plugins reach the first page', () => {
    const memory = new KernelMemory();
    equal([memory.inputStart, memory.inputLength], [0, 0]);
    const header = new DataView(memory.memory.buffer);
    equal(
      [HEADER.inputSpan1, HEADER.inputSpan8, HEADER.ended, HEADER.span1].map(at =>
        header.getUint32(at, true),
      ),
      [0, 0, 0, 65_536 - HEADER_BYTES],
    );
  });

  test('a freed block is not used again for a block that ends where the first 16 pages end', () => {
    const memory = new KernelMemory();
    const freed = memory.alloc(16);
    is(memory.sizeBytes, 65_536);
    while (HEADER_BYTES + memory.usedBytes + 16 < 2 ** 20) memory.alloc(16);
    memory.free(freed);
    is(memory.alloc(16), 2 ** 20 - 16);
    is(memory.sizeBytes, 2 ** 20);
    is(memory.alloc(16), freed);
  });

  test('size classes hold every size, and rise with it up to the largest block', () => {
    let last = 0;
    for (let granules = 1; granules <= MAX_GRANULES; granules += Math.ceil(granules / 32)) {
      const { index, granules: rounded } = sizeClass(granules);
      ok(index >= last && index < SIZE_CLASSES, `${granules} granules: class ${index}`);
      ok(rounded >= granules && rounded * 8 <= granules * 9, `${granules} granules: ${rounded}`);
      last = index;
    }
    ok(sizeClass(MAX_GRANULES).index < SIZE_CLASSES);
  });

  test('the records of every block fit into the buffers that two threads share', () => {
    const words = MAX_GRANULES / 128 + MAX_GRANULES * 2;
    ok(TABLE_BYTES.slots.max >= words * 4, `${TABLE_BYTES.slots.max} bytes`);
    ok(TABLE_BYTES.directory.max >= (MAX_GRANULES / 128) * 4, `${TABLE_BYTES.directory.max} bytes`);
  });

  test('a plugin reaches each byte of a block that the host places, and not the next page', () => {
    const memory = new KernelMemory();
    memory.reset();
    const bytes = new Uint8Array(100_000).fill(7);
    const start = memory.place(bytes);
    is(memory.loadU8(start + bytes.length - 1), 7);
    is(memory.loadU8(start + bytes.length), 0);
    ok(memory.hasRange(start, bytes.length));
    is(memory.hasRange(2 * 65_536, 1), false);
  });

  test('100,000 allocations of 24 bytes take 4 MiB, and a second call takes no more', () => {
    const memory = new KernelMemory();
    for (let call = 0; call < 2; call++) {
      memory.reset();
      for (let index = 0; index < 100_000; index++) memory.alloc(24);
      is(memory.sizeBytes, 4 << 20);
    }
  });

  test('after release, no range is inside, no block exists, loads return 0 and alloc returns 0', () => {
    const memory = new KernelMemory();
    memory.reset(new Uint8Array(100));
    const freed = memory.alloc(16);
    memory.setOutput({ start: memory.inputStart, length: 100 });
    memory.free(freed);
    const { inputStart } = memory;
    memory.release();
    memory.release();
    is(memory.memory.buffer.byteLength, 0);
    is(memory.hasRange(inputStart, 1), false);
    is(memory.loadU8(inputStart), 0);
    memory.storeU64(inputStart, 1n);
    is(memory.loadU64(inputStart), 0n);
    is(memory.length(inputStart), 0);
    is(memory.free(inputStart), false);
    is(memory.alloc(16), 0);
    is(memory.hasOutput, false);
    memory.markEnded();
    is(memory.reset(new Uint8Array(1)), false);
    is(memory.reset(), true);
  });

  test('blocks of any size, far apart, are found by their handles alone', () => {
    const memory = new KernelMemory();
    for (const size of [1, 16, 1000, 65_536, 1_000_000]) {
      memory.reset();
      const handles = Array.from({ length: 40 }, (_, index) => [memory.alloc(size + index), size + index]);
      for (const [handle, length] of handles as [number, number][]) {
        is(memory.length(handle), length);
        for (const bad of [handle + 1, handle - 16, handle + 0.5, -handle, handle + 2 ** 32, Number.NaN])
          ok(memory.length(bad) === 0 || handles.some(([other]) => other === bad));
      }
      memory.reset();
      for (const [handle] of handles as [number, number][]) is(memory.length(handle), 0);
    }
  });

  test('after a reset, the handles of the call before are not blocks, wherever they are', () => {
    const memory = new KernelMemory();
    memory.reset();
    const handles = Array.from({ length: 3000 }, () => memory.alloc(1000));
    memory.reset();
    memory.alloc(4_000_000);
    for (const handle of handles.slice(1)) is(memory.length(handle), 0);
  });

  test('after a reset, blocks freed in the call before are not given out again', async () => {
    const memory = new KernelMemory({ maxBytes: 65_536 });
    memory.free(memory.alloc(16));
    memory.reset();
    const handles = new Set(Array.from({ length: 4096 }, () => memory.alloc(16)));
    is(handles.size, 4096);
    await raises(() => memory.alloc(16), { code: 'MEMORY_LIMIT' });
  });

  test('small blocks side by side keep their lengths, as many as there are', () => {
    const memory = new KernelMemory();
    const handles = Array.from({ length: 2000 }, (_, index) => memory.alloc(1 + (index % 16)));
    for (const [index, handle] of handles.entries()) is(memory.length(handle), 1 + (index % 16));
  });

  test('without other room, a free block is used again only if it is large enough', () => {
    for (let granules = 2; granules <= 16; granules++) {
      const memory = new KernelMemory({ maxBytes: 65_536 });
      const [small, large] = [memory.alloc((granules - 1) * 16), memory.alloc(4000)];
      while (memory.usedBytes < 65_536) memory.alloc(16);
      memory.free(small);
      memory.free(large);
      is(memory.alloc(granules * 16), large);
    }
  });

  test('limits count the sizes that were asked for, and not the rounded sizes', () => {
    const memory = new KernelMemory();
    memory.reset(new Uint8Array(100));
    memory.alloc(350_000);
    memory.alloc(17);
    is(memory.askedBytes, 100 + 350_000 + 17);
    is(memory.usedBytes, 112 + 360_448 + 32);
    memory.reset();
    is(memory.askedBytes, 0);
  });

  test('repeated allocations and frees of any size stay within the limit', () => {
    const random = new Random(1);
    const memory = new KernelMemory({ maxBytes: 1 << 20 });
    for (let step = 0; step < 20_000; step++) ok(memory.free(memory.alloc(1 + random.below(100_000))));
    ok(memory.sizeBytes <= 2 << 20);
  });

  test('a plugin that overwrites all memory it can address does not break lengths or frees', () => {
    const memory = new KernelMemory();
    const handles = [memory.alloc(10), memory.alloc(1000)];
    for (let address = 0; address < 64 + memory.addressableBytes; address += 8)
      memory.storeU64(address, 0xffffffffffffffffn);
    is(handles.map(handle => memory.length(handle)).join(), '10,1000');
    ok(handles.every(handle => memory.free(handle)));
    is(memory.view(memory.alloc(1000), 1000).join(''), '0'.repeat(1000));
  });
});
