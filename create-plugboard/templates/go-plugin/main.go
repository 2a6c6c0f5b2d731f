//go:build wasm

// The exports. Tests run without a host, which this file needs.
package main

import "github.com/extism/go-pdk"

// Counts the vowels of its input. The config value "vowels" replaces the letters that count.
//
{{export}} count_vowels
func countVowels() int32 {
	vowels, isSet := pdk.GetConfig("vowels")
	if !isSet {
		vowels = "aeiouAEIOU"
	}
	if err := pdk.OutputJSON(report{count(pdk.InputString(), vowels)}); err != nil {
		pdk.SetError(err)
		return 1
	}
	return 0
}

func main() {}
