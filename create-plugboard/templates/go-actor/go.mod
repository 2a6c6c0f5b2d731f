module example.com/{{name}}

go 1.24

require github.com/darmie/reflow/reflow_wasm_go/sdk v0.0.0

require (
	github.com/extism/go-pdk v1.1.3 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.6.5 // indirect
)

replace github.com/darmie/reflow/reflow_wasm_go/sdk => ./sdk
