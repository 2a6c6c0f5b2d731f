export default {
  target: 'web',
  mode: 'production',
  module: { rules: [{ test: /\.wasm$/, type: 'asset/inline' }] },
};
