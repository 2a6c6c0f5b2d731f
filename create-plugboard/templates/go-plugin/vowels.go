package main

import "strings"

type report struct {
	Count int `json:"count"`
}

// count returns how many letters of text are among vowels.
func count(text, vowels string) int {
	found := 0
	for _, letter := range text {
		if strings.ContainsRune(vowels, letter) {
			found++
		}
	}
	return found
}
