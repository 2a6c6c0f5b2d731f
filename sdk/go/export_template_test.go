package reflow_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
)

func TestTemplatesExportBothFunctions(t *testing.T) {
	for directive, template := range map[string]string{
		"//export ":        reflow.ExportTemplate,
		"//go:wasmexport ": reflow.WasmExportTemplate,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "main.go", "package main\n"+template, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		names := ""
		for _, declaration := range file.Decls {
			function := declaration.(*ast.FuncDecl)
			names += function.Name.Name + " "
			if got := function.Doc.List[0].Text; got != directive+function.Name.Name {
				t.Errorf("expected %s%s, got %s", directive, function.Name.Name, got)
			}
		}
		if names != "get_metadata process " {
			t.Errorf("expected get_metadata and process, got %s", names)
		}
	}
}
