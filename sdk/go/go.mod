module github.com/darmie/reflow/reflow_wasm_go/sdk

go 1.24

require (
	github.com/extism/go-pdk v1.1.3
	github.com/tinylib/msgp v1.6.5
)

require github.com/philhofer/fwd v1.2.0 // indirect
