import { Message, ScriptActor, writePacket } from 'plugboard/actor';

const element = id => document.getElementById(id);
const response = await fetch('../../fixtures/rust-counter/rust_counter.wasm');
const source = await response.arrayBuffer();
const actor = await ScriptActor.create({ source }, { config: { initial_value: 10 } });

const { inports } = await actor.metadata();
for (const { name, description } of inports) {
  const button = document.createElement('button');
  button.textContent = name;
  button.title = description;
  button.addEventListener('click', () => actor.inports.send({ [name]: Message.flow() }));
  element('ports').append(button);
}

actor.start();
for await (const packet of actor.outports) element('output').textContent += `${writePacket(packet)}\n`;
