package main

import "testing"

func TestCountsTheGivenLettersOnly(t *testing.T) {
	for vowels, expected := range map[string]int{"aeiou": 3, "": 0} {
		if got := count("Hello, World!", vowels); got != expected {
			t.Errorf("vowels %q: expected %d, got %d", vowels, expected, got)
		}
	}
}
