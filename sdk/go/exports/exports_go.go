//go:build wasm && !tinygo

package exports

import reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"

//go:wasmexport get_metadata
func getMetadata() int32 { return reflow.GetMetadata() }

//go:wasmexport process
func process() int32 { return reflow.Process() }
