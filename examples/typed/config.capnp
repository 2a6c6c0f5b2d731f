# The Worker of worker.js under workerd, which serves it on http://127.0.0.1:8787:
#   npm run bundle
#   npx workerd serve examples/typed/config.capnp
#   curl http://127.0.0.1:8787
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "counter", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "counter")],
);

const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [
    (name = "worker.js", esModule = embed "../../dist/examples/typed/worker.js"),
    (name = "rust_counter.wasm", wasm = embed "../../dist/examples/typed/rust_counter.wasm"),
  ],
);
