import { ActorContext, ActorResult, Json, Message } from 'reflow-wasm-actor';

/** Adds the message of the inport `number` to the total. */
export function add(context: ActorContext): ActorResult {
  const message = context.get('number');
  if (message.type != 'Integer' || !message.data.isInteger) {
    return ActorResult.fail('number: expected an Integer, got ' + (message.type == '' ? 'nothing' : message.type));
  }
  const number = message.data.asInteger();
  const before = context.state.get('total').asInteger(context.config.getInteger('start'));
  const total = before + number;
  if (total > before != number > 0 && number != 0) return ActorResult.fail('total: more than 64 bits');
  return new ActorResult()
    .set('total', Message.integer(total))
    .withState(Json.object().set('total', Json.integer(total)));
}
