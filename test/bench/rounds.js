// Rounds: every contender once a round, so that each pair of numbers was measured under the same weather.
import { CommandFailed } from './command.js';

/**
 * Runs each of `contenders` (`{ name, run(round) }`, run resolving to a sample) once a round: a warm-up round 0 that is
 * not counted (`warmUp: false` leaves it out), then `rounds` more, starting with another contender each time.
 * A contender with `rounds` of its own takes part in the first of them. `before(round)` and `after(round)` surround a round. No round starts that would end after `deadline`
 * (performance.now() ms). A contender whose command fails is dropped, unless it is `required`: then the failure is thrown.
 * Resolves to `{ samples: { name: sample[] }, dropped: { name: reason }, rounds }`.
 */
export async function interleave(contenders, { rounds, warmUp = true, deadline, before, after, progress }) {
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  const dropped = {};
  let longest = 0;
  let done = 0;
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    const start = performance.now();
    if (done > 0 && start + longest > deadline) break;
    progress?.(round, rounds);
    await before?.(round);
    for (const contender of rotated(contenders, round)) {
      const { name, rounds: most = Number.POSITIVE_INFINITY } = contender;
      if (dropped[name] || round > most) continue;
      const sample = await attempt(contender, round);
      if (sample.failed) dropped[contender.name] = sample.failed;
      else if (round > 0) samples[contender.name].push(sample);
    }
    await after?.(round);
    longest = Math.max(longest, performance.now() - start);
    if (round > 0) done++;
  }
  for (const name of Object.keys(dropped)) delete samples[name];
  return { samples, dropped, rounds: done };
}

async function attempt(contender, round) {
  try {
    return await contender.run(round);
  } catch (error) {
    if (contender.required || !(error instanceof CommandFailed)) throw error;
    return { failed: error.message };
  }
}

function rotated(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
