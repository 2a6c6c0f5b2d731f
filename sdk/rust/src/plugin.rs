//! The bodies of the exports that [`actor_plugin!`](crate::actor_plugin) makes.

use std::fmt::Display;

use serde::Serialize;

use crate::encoding::Encoding;
use crate::{ActorContext, ActorResult, PluginMetadata};

/// Exports `get_metadata` and `process`, the functions that a host of actors calls.
///
/// The error of `process` may be of any type that has `Display`: `Box<dyn Error>`, `anyhow::Error`, `String`. The call
/// fails with the text `Actor processing error: …` then, and the next call works.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// fn process_actor(context: ActorContext) -> Result<ActorResult, String> {
///     let name: String = get_input(&context, "input").ok_or("no text on port input")?;
///     Ok(success_result("output", Message::String(format!("Hello, {name}"))))
/// }
///
/// actor_plugin!(
///     metadata: create_transform_metadata("Greet", "Greets", "String", "String"),
///     process: process_actor,
/// );
/// # fn main() {}
/// ```
///
/// A third argument chooses the encoding, with the feature `msgpack`:
///
/// ```
/// # use reflow_wasm_actor::*;
/// # #[cfg(feature = "msgpack")]
/// actor_plugin!(
///     metadata: create_transform_metadata("Echo", "Gives back its input", "Any", "Any"),
///     process: |context: ActorContext| match get_input::<serde_json::Value>(&context, "input") {
///         Some(value) => Ok(success_result("output", Message::Any(value))),
///         None => Err("no message on port input"),
///     },
///     encoding: MessagePack,
/// );
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! actor_plugin {
    (metadata: $metadata:expr, process: $process:expr $(,)?) => {
        $crate::actor_plugin!(metadata: $metadata, process: $process, encoding: $crate::encoding::JsonText);
    };
    (metadata: $metadata:expr, process: $process:expr, encoding: $encoding:ty $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        #[unsafe(no_mangle)]
        pub extern "C" fn get_metadata() -> i32 {
            $crate::plugin::answer(|_| $crate::plugin::describe::<$encoding>(&$metadata))
        }

        #[cfg(target_arch = "wasm32")]
        #[unsafe(no_mangle)]
        pub extern "C" fn process() -> i32 {
            $crate::plugin::answer(|input| $crate::plugin::process::<$encoding, _>(input, $process))
        }

        // Checks the types where nothing is exported.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(&[u8]) = |input| {
            let _ = $crate::plugin::describe::<$encoding>(&$metadata);
            let _ = $crate::plugin::process::<$encoding, _>(input, $process);
        };
    };
}

/// The metadata as JSON, whatever the encoding of the calls.
pub fn describe<E: Encoding>(metadata: &PluginMetadata) -> Result<Vec<u8>, String> {
    #[derive(Serialize)]
    struct Described<'a> {
        #[serde(flatten)]
        metadata: &'a PluginMetadata,
        #[serde(skip_serializing_if = "Option::is_none")]
        encoding: Option<&'static str>,
    }
    crate::encoding::JsonText::write(&Described {
        metadata,
        encoding: E::NAME,
    })
}

/// Reads a context, calls the actor, and writes its result.
pub fn process<E: Encoding, F: Display>(
    input: &[u8],
    process: impl FnOnce(ActorContext) -> Result<ActorResult, F>,
) -> Result<Vec<u8>, String> {
    let context = E::read(input).map_err(|error| format!("Failed to parse actor context: {error}"))?;
    let result = process(context).map_err(|error| format!("Actor processing error: {error}"))?;
    E::write(&result).map_err(|error| format!("Failed to write actor result: {error}"))
}

/// The body of an export: 0 with the output set, or 1 with the error set.
#[cfg(target_arch = "wasm32")]
pub fn answer(body: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>) -> i32 {
    let set = |bytes: Vec<u8>| extism_pdk::Memory::from_bytes(bytes);
    match body(&extism_pdk::input_bytes()) {
        Ok(output) => set(output).map_or(1, |memory| {
            memory.set_output();
            0
        }),
        Err(text) => {
            if let Ok(memory) = set(text.into_bytes()) {
                unsafe { extism_pdk::extism::error_set(memory.offset()) };
            }
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{create_transform_metadata, encoding::JsonText, success_result};
    use serde_json::{Value, json};

    const CONTEXT: &str = r#"{"payload":{"input":{"type":"Integer","data":21}},"state":{},
        "config":{"node_id":"n","component":"C","resolved_env":{},"config":{}}}"#;

    fn double(context: ActorContext) -> Result<ActorResult, Box<dyn std::error::Error>> {
        let value: i64 = crate::get_input(&context, "input").ok_or("no input")?;
        Ok(success_result("output", json!(value * 2)))
    }

    #[test]
    fn a_context_goes_in_and_a_result_comes_out() {
        let output = process::<JsonText, _>(CONTEXT.as_bytes(), double).unwrap();
        let result: Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(
            result,
            json!({ "outputs": { "output": { "type": "Integer", "data": 42 } }, "state": null })
        );
    }

    #[test]
    fn errors_of_three_types_have_the_same_text() {
        let text = |result: Result<Vec<u8>, String>| result.unwrap_err();
        let fail = CONTEXT.replace("input", "other");
        let expected = "Actor processing error: no input";
        assert_eq!(text(process::<JsonText, _>(fail.as_bytes(), double)), expected);
        assert_eq!(
            text(process::<JsonText, _>(CONTEXT.as_bytes(), |_| Err(anyhow::anyhow!(
                "no input"
            )))),
            expected
        );
        assert_eq!(
            text(process::<JsonText, _>(CONTEXT.as_bytes(), |_| Err("no input"))),
            expected
        );
    }

    #[test]
    fn a_context_that_cannot_be_read_says_so() {
        let error = process::<JsonText, _>(b"{}", double).unwrap_err();
        assert!(
            error.starts_with("Failed to parse actor context: missing field `payload`"),
            "{error}"
        );
    }

    #[test]
    fn metadata_names_no_encoding_for_json() {
        let bytes = describe::<JsonText>(&create_transform_metadata("C", "D", "Any", "Any")).unwrap();
        let metadata: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(metadata.get("encoding"), None);
        assert_eq!(metadata["component"], "C");
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn metadata_is_json_and_names_message_pack() {
        let bytes = describe::<crate::MessagePack>(&create_transform_metadata("C", "D", "Any", "Any")).unwrap();
        let metadata: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(metadata["encoding"], "msgpack");
    }
}
