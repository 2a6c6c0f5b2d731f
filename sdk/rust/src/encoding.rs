//! The encodings of context and result. [`actor_plugin!`](crate::actor_plugin) takes one after `encoding:`.
//!
//! ```
//! use reflow_wasm_actor::encoding::{Encoding, JsonText};
//!
//! assert_eq!(JsonText::write(&[1, 2])?, b"[1,2]");
//! # Ok::<(), String>(())
//! ```

use serde::{Serialize, de::DeserializeOwned};

/// An encoding of values as bytes.
///
/// ```
/// use reflow_wasm_actor::encoding::{Encoding, JsonText};
///
/// fn copy<E: Encoding>(value: i32) -> Result<i32, String> {
///     E::read(&E::write(&value)?)
/// }
/// assert_eq!(copy::<JsonText>(7), Ok(7));
/// ```
pub trait Encoding {
    /// The name in the metadata. `None` for JSON, the encoding of metadata without a name.
    const NAME: Option<&'static str>;

    /// Reads a value, or returns the text of the error.
    ///
    /// ```
    /// use reflow_wasm_actor::encoding::{Encoding, JsonText};
    ///
    /// assert_eq!(JsonText::read(b"[1,2]"), Ok(vec![1, 2]));
    /// assert!(JsonText::read::<i32>(b"1.5").is_err());
    /// ```
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String>;

    /// Writes a value, or returns the text of the error.
    ///
    /// ```
    /// use reflow_wasm_actor::encoding::{Encoding, JsonText};
    ///
    /// assert_eq!(JsonText::write(&"x"), Ok(b"\"x\"".to_vec()));
    /// ```
    fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, String>;
}

/// JSON, the default.
///
/// ```
/// use reflow_wasm_actor::encoding::{Encoding, JsonText};
///
/// assert_eq!(JsonText::read::<bool>(b"true"), Ok(true));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum JsonText {}

impl Encoding for JsonText {
    const NAME: Option<&'static str> = None;

    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
        serde_json::to_vec(value).map_err(|error| error.to_string())
    }
}

/// MessagePack, with structs as maps. A `Stream` is a binary value.
///
/// ```
/// use reflow_wasm_actor::encoding::{Encoding, MessagePack};
///
/// assert_eq!(MessagePack::write(&true)?, [0xc3]);
/// # Ok::<(), String>(())
/// ```
#[cfg(feature = "msgpack")]
#[cfg_attr(docsrs, doc(cfg(feature = "msgpack")))]
#[derive(Clone, Copy, Debug)]
pub enum MessagePack {}

#[cfg(feature = "msgpack")]
impl Encoding for MessagePack {
    const NAME: Option<&'static str> = Some("msgpack");

    fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
        rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
    }

    fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
        rmp_serde::to_vec_named(value).map_err(|error| error.to_string())
    }
}

#[cfg(all(test, feature = "msgpack"))]
mod tests {
    use super::*;
    use crate::Message;

    #[test]
    fn a_stream_is_binary_in_message_pack_and_every_type_comes_back() {
        let messages = vec![
            Message::Flow,
            Message::Stream(vec![0, 255]),
            Message::Integer(i64::MIN),
            Message::Optional(None),
            Message::Any(serde_json::json!({ "whole": 1, "float": 1.0, "list": [null, "x"] })),
        ];
        let bytes = MessagePack::write(&messages).unwrap();
        assert!(bytes.windows(4).any(|part| part == [0xc4, 2, 0, 255]), "{bytes:x?}");
        assert_eq!(MessagePack::read::<Vec<Message>>(&bytes).unwrap(), messages);
    }
}
