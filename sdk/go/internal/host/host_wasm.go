package host

import pdk "github.com/extism/go-pdk"

//go:wasmimport extism:host/user __get_state
func getState(key uint64) uint64

//go:wasmimport extism:host/user __set_state
func setState(key, value uint64)

//go:wasmimport extism:host/user __send_output
func sendOutput(outputs uint64)

// Current is the host of the running call.
var Current Host = extism{}

type extism struct{}

func (extism) Input() []byte           { return pdk.Input() }
func (extism) SetOutput(output []byte) { pdk.Output(output) }
func (extism) SetError(text string)    { pdk.SetErrorString(text) }

func (extism) GetState(key string) []byte {
	keyMemory := pdk.AllocateString(key)
	defer keyMemory.Free()
	offset := getState(keyMemory.Offset())
	if offset == 0 {
		return nil
	}
	value := pdk.FindMemory(offset)
	return value.ReadBytes()
}

func (extism) SetState(key string, value []byte) {
	keyMemory := pdk.AllocateString(key)
	defer keyMemory.Free()
	valueMemory := pdk.AllocateBytes(value)
	defer valueMemory.Free()
	setState(keyMemory.Offset(), valueMemory.Offset())
}

func (extism) SendOutput(outputs []byte) {
	memory := pdk.AllocateBytes(outputs)
	defer memory.Free()
	sendOutput(memory.Offset())
}
