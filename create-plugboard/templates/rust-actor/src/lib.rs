use std::collections::HashMap;

use reflow_wasm_actor::{serde_json::json, *};

fn metadata() -> PluginMetadata {
    PluginMetadata {
        component: "{{component}}".to_string(),
        description: "Adds up numbers".to_string(),
        inports: vec![port_def!(
            "number",
            "The number to add",
            "Integer",
            required
        )],
        outports: vec![port_def!("total", "The sum of all numbers", "Integer")],
        config_schema: Some(json!({
            "type": "object",
            "properties": { "start": { "type": "integer", "default": 0 } },
        })),
    }
}

fn add(context: ActorContext) -> Result<ActorResult, String> {
    let number = match context.payload.get("number") {
        Some(Message::Integer(number)) => *number,
        other => return Err(format!("number: expected an Integer, got {other:?}")),
    };
    let start = context.config.get_integer("start").unwrap_or(0);
    let before = context.state["total"].as_i64().unwrap_or(start);
    let total = before
        .checked_add(number)
        .ok_or("total: more than 64 bits")?;
    Ok(ActorResult {
        outputs: HashMap::from([create_output("total", Message::Integer(total))]),
        state: Some(json!({ "total": total })),
    })
}

actor_plugin!(metadata: metadata(), process: add);

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: Message, total: i64) -> testing::Run {
        let state = json!({ "total": total });
        testing::run(
            add,
            testing::context([("number", number)], json!({}), state),
        )
    }

    #[test]
    fn adds_a_number_to_the_total() {
        let run = run(Message::Integer(2), 40);
        assert_eq!(run.packets[0]["total"], Message::Integer(42));
        assert_eq!(run.state, json!({ "total": 42 }));
    }

    #[test]
    fn refuses_other_messages_and_a_total_of_too_many_bits() {
        assert!(
            run(Message::Flow, 0)
                .error
                .unwrap()
                .starts_with("number: expected an Integer")
        );
        assert_eq!(
            run(Message::Integer(1), i64::MAX).error.unwrap(),
            "total: more than 64 bits"
        );
    }
}
