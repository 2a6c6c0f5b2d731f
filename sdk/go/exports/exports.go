// Package exports exports get_metadata and process of the registered actor. An actor imports it for that effect alone:
//
//	import _ "github.com/darmie/reflow/reflow_wasm_go/sdk/exports"
//
// It writes //export for TinyGo and //go:wasmexport for standard Go, so that one source builds with both. A module that
// exports the two functions itself must not import it.
package exports
