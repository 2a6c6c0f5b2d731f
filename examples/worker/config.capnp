# The Worker of worker.js under workerd, which serves it on http://127.0.0.1:8787:
#   npm run bundle
#   npx workerd serve examples/worker/config.capnp
#   curl -d '{"increment":{"type":"Flow","data":null}}' http://127.0.0.1:8787
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "counter", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "counter")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "../../dist/examples/worker/worker.js"),
    (name = "plugboard/abi/accessors.wasm", wasm = embed "../../dist/abi/accessors.wasm"),
    (name = "rust_counter.wasm", wasm = embed "../../fixtures/rust-counter/rust_counter.wasm"),
  ],
);
