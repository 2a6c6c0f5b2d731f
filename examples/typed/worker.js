// A typed Reflow actor behind fetch, as a Cloudflare Worker. plugboard/esbuild leaves the counter as a module that workerd
// compiles, and prints a wrapper for it: see the end of bundle.mjs.
import counter from '../../fixtures/rust-counter/rust_counter.wasm?plugboard';

let starting;

export default {
  async fetch() {
    starting ??= counter({ config: { initial_value: 10 } });
    const actor = await starting;
    return Response.json(await actor.process({ increment: { type: 'Flow', data: null } }));
  },
};
