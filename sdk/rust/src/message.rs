use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

/// A message on a port, on the wire `{"type": …, "data": …}`. `Flow` is written without `data`.
///
/// ```
/// use reflow_wasm_actor::*;
///
/// let text = serde_json::to_string(&Message::Integer(42))?;
/// assert_eq!(text, r#"{"type":"Integer","data":42}"#);
/// assert_eq!(serde_json::from_str::<Message>(&text)?, Message::Integer(42));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Message {
    /// A signal without a value.
    Flow,
    /// An event, as any JSON value.
    Event(Value),
    /// True or false.
    Boolean(bool),
    /// An integer of 64 bits.
    Integer(i64),
    /// A number of 64 bits with a fraction. In JSON, NaN and the infinities arrive as 0, and a strict host refuses them.
    Float(f64),
    /// Text.
    String(String),
    /// A JSON object. The type allows any other JSON value too.
    Object(Value),
    /// A list of JSON values.
    Array(Vec<Value>),
    /// Bytes: an array of numbers in JSON, a binary value in MessagePack.
    Stream(#[serde(with = "serde_bytes")] Vec<u8>),
    /// A JSON value, or none.
    Optional(Option<Box<Value>>),
    /// Any JSON value.
    Any(Value),
    /// The text of an error. The call succeeds all the same.
    Error(String),
}

impl Message {
    /// Returns the plain value that [`host::send_output`](crate::host::send_output) sends. It is the value of `Into<Value>`,
    /// except that `Error` is its text.
    ///
    /// ```
    /// use reflow_wasm_actor::*;
    ///
    /// assert_eq!(Message::Error("late".to_string()).into_plain(), "late");
    /// assert_eq!(Message::Flow.into_plain(), "flow");
    /// ```
    pub fn into_plain(self) -> Value {
        match self {
            Message::Flow => "flow".into(),
            Message::Boolean(value) => value.into(),
            Message::Integer(value) => value.into(),
            Message::Float(value) => Number::from_f64(value).unwrap_or(0.into()).into(),
            Message::String(text) | Message::Error(text) => text.into(),
            Message::Array(items) => items.into(),
            Message::Stream(bytes) => bytes.into(),
            Message::Optional(value) => value.map_or(Value::Null, |value| *value),
            Message::Event(value) | Message::Object(value) | Message::Any(value) => value,
        }
    }
}

/// The value without its type. NaN and the infinities become 0, because JSON lacks them.
impl From<Message> for Value {
    fn from(message: Message) -> Value {
        match message {
            Message::Error(text) => json!({ "error": text }),
            other => other.into_plain(),
        }
    }
}

/// The type that fits the value. An integer beyond 64 bits with a sign is a `Float`, null an `Optional`.
impl From<Value> for Message {
    fn from(value: Value) -> Message {
        match value {
            Value::Null => Message::Optional(None),
            Value::Bool(value) => Message::Boolean(value),
            Value::Number(number) => match number.as_i64() {
                Some(value) => Message::Integer(value),
                None => Message::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Message::String(text),
            Value::Array(items) => Message::Array(items),
            Value::Object(_) => Message::Object(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each type, its wire form, its plain value and the type that this value gets.
    fn rows() -> Vec<(Message, Value, Value, Message)> {
        let text = || "t".to_string();
        vec![
            (
                Message::Flow,
                json!({ "type": "Flow" }),
                json!("flow"),
                Message::String("flow".to_string()),
            ),
            (
                Message::Event(json!([1])),
                json!({ "type": "Event", "data": [1] }),
                json!([1]),
                Message::Array(vec![json!(1)]),
            ),
            (
                Message::Boolean(true),
                json!({ "type": "Boolean", "data": true }),
                json!(true),
                Message::Boolean(true),
            ),
            (
                Message::Integer(i64::MIN),
                json!({ "type": "Integer", "data": i64::MIN }),
                json!(i64::MIN),
                Message::Integer(i64::MIN),
            ),
            (
                Message::Float(1.0),
                json!({ "type": "Float", "data": 1.0 }),
                json!(1.0),
                Message::Float(1.0),
            ),
            (
                Message::String(text()),
                json!({ "type": "String", "data": "t" }),
                json!("t"),
                Message::String(text()),
            ),
            (
                Message::Object(json!({ "a": 1 })),
                json!({ "type": "Object", "data": { "a": 1 } }),
                json!({ "a": 1 }),
                Message::Object(json!({ "a": 1 })),
            ),
            (
                Message::Array(vec![json!(null)]),
                json!({ "type": "Array", "data": [null] }),
                json!([null]),
                Message::Array(vec![json!(null)]),
            ),
            (
                Message::Stream(vec![0, 255]),
                json!({ "type": "Stream", "data": [0, 255] }),
                json!([0, 255]),
                Message::Array(vec![json!(0), json!(255)]),
            ),
            (
                Message::Optional(Some(Box::new(json!(7)))),
                json!({ "type": "Optional", "data": 7 }),
                json!(7),
                Message::Integer(7),
            ),
            (
                Message::Optional(None),
                json!({ "type": "Optional", "data": null }),
                json!(null),
                Message::Optional(None),
            ),
            (
                Message::Any(json!({})),
                json!({ "type": "Any", "data": {} }),
                json!({}),
                Message::Object(json!({})),
            ),
            (
                Message::Error(text()),
                json!({ "type": "Error", "data": "t" }),
                json!("t"),
                Message::String(text()),
            ),
        ]
    }

    #[test]
    fn each_type_has_its_wire_form_in_both_directions() {
        for (message, wire, _, _) in rows() {
            assert_eq!(serde_json::to_value(&message).unwrap(), wire);
            assert_eq!(serde_json::from_value::<Message>(wire).unwrap(), message);
        }
    }

    #[test]
    fn a_plain_value_gets_the_type_that_fits() {
        for (message, _, plain, typed) in rows() {
            assert_eq!(message.into_plain(), plain);
            assert_eq!(Message::from(plain), typed);
        }
        assert_eq!(Message::from(json!(u64::MAX)), Message::Float(u64::MAX as f64));
    }

    #[test]
    fn into_value_wraps_an_error_and_has_zero_for_numbers_outside_json() {
        assert_eq!(Value::from(Message::Error("t".to_string())), json!({ "error": "t" }));
        assert_eq!(Value::from(Message::Float(f64::NAN)), json!(0));
        assert_eq!(Value::from(Message::Float(f64::INFINITY)), json!(0));
    }

    #[test]
    fn flow_and_none_may_lack_data_and_other_types_may_not() {
        let read = |text| serde_json::from_str::<Message>(text);
        assert_eq!(read(r#"{"type":"Flow"}"#).unwrap(), Message::Flow);
        assert_eq!(read(r#"{"data":null,"type":"Flow"}"#).unwrap(), Message::Flow);
        assert_eq!(read(r#"{"type":"Optional"}"#).unwrap(), Message::Optional(None));
        for wrong in [
            r#"{"type":"Integer"}"#,
            r#"{"type":"Integer","data":10.0}"#,
            r#"{"type":"Stream","data":[256]}"#,
            r#"{"type":"Other","data":1}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
