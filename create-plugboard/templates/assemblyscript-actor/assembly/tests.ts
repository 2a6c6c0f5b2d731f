import { ActorContext, ActorResult, Json, Message } from 'reflow-wasm-actor';
import { add } from './total';

/** Calls the actor with one message and this total. */
function run(message: Message, total: i64): ActorResult {
  const context = Json.object()
    .set('payload', Json.object().set('number', message.toJson()))
    .set('config', Json.object())
    .set('state', Json.object().set('total', Json.integer(total)));
  return add(new ActorContext(context));
}

export function adds_a_number_to_the_total(): void {
  const result = run(Message.integer(2), 40);
  assert(result.outputs.get('total').data.asInteger() == 42);
  assert(result.state!.get('total').asInteger() == 42);
}

export function refuses_other_messages(): void {
  assert(run(Message.flow(), 0).error! == 'number: expected an Integer, got Flow');
}

export function refuses_a_total_of_too_many_bits(): void {
  assert(run(Message.integer(1), i64.MAX_VALUE).error! == 'total: more than 64 bits');
  assert(run(Message.integer(-1), i64.MIN_VALUE).error! == 'total: more than 64 bits');
}
