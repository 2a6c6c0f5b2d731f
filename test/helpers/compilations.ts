/** Runs `work`, and returns how many modules the engine compiled of bytes in it. */
export async function compilations(work: () => Promise<unknown>): Promise<number> {
  const { Module, compile } = WebAssembly;
  let count = 0;
  WebAssembly.Module = new Proxy(Module, {
    construct: (target, args: [BufferSource]) => {
      count++;
      return new target(...args);
    },
  });
  WebAssembly.compile = bytes => {
    count++;
    return compile.call(WebAssembly, bytes);
  };
  try {
    await work();
  } finally {
    Object.assign(WebAssembly, { Module, compile });
  }
  return count;
}
