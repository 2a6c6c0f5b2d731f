//go:build tinygo

package exports

import reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"

//export get_metadata
func getMetadata() int32 { return reflow.GetMetadata() }

//export process
func process() int32 { return reflow.Process() }
