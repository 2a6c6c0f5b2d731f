import { callsOf, codeIn, FAULTS, happen, lackingMode, MODES } from './faults.ts';

// A program in which every fault happens, and which leaves all of its plugins open. It must end by itself.
for (const mode of MODES.filter(mode => lackingMode(mode) === null)) {
  let met = 0;
  for (const fault of FAULTS) {
    for (const call of callsOf(fault))
      if ((await happen(fault, mode, call, { leaves: true })).code === codeIn(fault, mode)) met++;
  }
  console.log(`${mode}: ${met} of ${FAULTS.flatMap(callsOf).length}`);
}
