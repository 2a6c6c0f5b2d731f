package reflow

// ExportTemplate is the text of the two exports for TinyGo's command modules, to be pasted into the main package. Importing
// the package exports does the same for either compiler.
const ExportTemplate = `
//export get_metadata
func get_metadata() int32 {
	return reflow.GetMetadata()
}

//export process
func process() int32 {
	return reflow.Process()
}
`

// WasmExportTemplate is the text of the two exports for reactors, which -buildmode=c-shared makes: with standard Go from
// 1.24 on, and with TinyGo.
const WasmExportTemplate = `
//go:wasmexport get_metadata
func get_metadata() int32 {
	return reflow.GetMetadata()
}

//go:wasmexport process
func process() int32 {
	return reflow.Process()
}
`
