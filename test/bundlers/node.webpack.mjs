export default {
  target: 'node',
  mode: 'production',
  module: { rules: [{ test: /\.wasm$/, type: 'asset/inline' }] },
};
