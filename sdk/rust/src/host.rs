//! Functions of the host: the live state, and packets sent before the call's result.
//!
//! Outside WebAssembly they act on the host of [`testing`](crate::testing), which is in memory.
//!
//! ```
//! use reflow_wasm_actor::host;
//!
//! host::set_state("count", 42.into())?;
//! assert_eq!(host::get_state("count"), Some(42.into()));
//! # Ok::<(), reflow_wasm_actor::extism_pdk::Error>(())
//! ```

use std::collections::HashMap;

use extism_pdk::Error;
use serde_json::{Map, Value};

use crate::Message;

/// Returns the live value of a key. It is `None` for a missing key and for a stored null, which hosts do not tell apart.
///
/// ```
/// use reflow_wasm_actor::host;
///
/// let count = host::get_state("count").and_then(|value| value.as_i64()).unwrap_or(0);
/// assert_eq!(count, 0);
/// ```
pub fn get_state(key: &str) -> Option<Value> {
    imports::get_state(key).filter(|value| !value.is_null())
}

/// Sets the value of a key at once. It stays when the call fails afterwards.
///
/// ```
/// use reflow_wasm_actor::host;
///
/// host::set_state("name", "x".into())?;
/// # Ok::<(), reflow_wasm_actor::extism_pdk::Error>(())
/// ```
pub fn set_state(key: &str, value: Value) -> Result<(), Error> {
    imports::set_state(key, value)
}

/// Sends one packet at once, before the call's own result.
///
/// The host gets plain values and chooses the types that fit: a `Flow` arrives as the text `flow`, an `Error` as its
/// text, a `Stream` as an array of numbers.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// host::send_output([create_output("status", Message::String("started".to_string()))].into())?;
/// # Ok::<(), extism_pdk::Error>(())
/// ```
pub fn send_output(outputs: HashMap<String, Message>) -> Result<(), Error> {
    let plain = outputs.into_iter().map(|(port, message)| (port, message.into_plain()));
    imports::send_output(plain.collect())
}

#[cfg(target_arch = "wasm32")]
mod imports {
    use super::{Error, Map, Value};
    use extism_pdk::{Json, host_fn};

    #[host_fn]
    extern "ExtismHost" {
        fn __get_state(key: &str) -> Json<Value>;
        fn __set_state(key: &str, value: Json<Value>);
        fn __send_output(outputs: Json<Map<String, Value>>);
    }

    pub fn get_state(key: &str) -> Option<Value> {
        unsafe { __get_state(key) }.ok().map(|Json(value)| value)
    }

    pub fn set_state(key: &str, value: Value) -> Result<(), Error> {
        unsafe { __set_state(key, Json(value)) }
    }

    pub fn send_output(outputs: Map<String, Value>) -> Result<(), Error> {
        unsafe { __send_output(Json(outputs)) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod imports {
    use super::{Error, Map, Message, Value};
    use crate::StateManager;
    use crate::testing::HOST;

    pub fn get_state(key: &str) -> Option<Value> {
        HOST.with_borrow(|host| host.state.get(key))
    }

    pub fn set_state(key: &str, value: Value) -> Result<(), Error> {
        HOST.with_borrow_mut(|host| host.state.set(key, value));
        Ok(())
    }

    pub fn send_output(outputs: Map<String, Value>) -> Result<(), Error> {
        let packet = outputs.into_iter().map(|(port, value)| (port, Message::from(value)));
        HOST.with_borrow_mut(|host| host.packets.push(packet.collect()));
        Ok(())
    }
}
