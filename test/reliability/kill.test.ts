// kill -9 at random moments: the next start works at once, and nothing of the dead is left.
import type { JsonEvent } from '../support/uber-process.ts';
import { killAt, MOMENTS, randomFrom, Victim } from '../support/victim.ts';

const KILLS = Number(process.env.UBER_KILLS ?? 15);
const SEED = Number(process.env.UBER_SEED ?? 4711);
/** Side by side: starts wait more than they work. */
const LANES = 4;

test(`${KILLS} launchers are killed (UBER_SEED=${SEED})`, async () => {
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    runLane(lane, Math.ceil((KILLS - lane) / LANES)).catch((error: Error) => {
      throw new Error(`UBER_SEED=${SEED}, lane ${lane}: ${error.message}`, { cause: error });
    }),
  );
  const counts = await Promise.all(lanes);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(KILLS);
}, 300_000);

async function runLane(lane: number, kills: number): Promise<number> {
  using victim = new Victim();
  const random = randomFrom(SEED + lane);
  let uber = victim.start();
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const moment = MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'run';
      // The one that is up is to be killed while it starts: it has to begin again.
      if (moment === 'start' && kill > 0) {
        uber.kill('SIGKILL');
        await uber.ended;
        uber = victim.start();
      }
      await killAt(uber, moment, random);
      uber = victim.start();
      const { run } = (await uber.event('up')) as JsonEvent & { run: string };
      await victim.untilClean(run);
      expect(await victim.staleFindings()).toEqual([]);
    }
    uber.kill('SIGTERM');
    await uber.ended;
    expect(victim.remains('none')).toEqual([]);
  } finally {
    await uber[Symbol.asyncDispose]();
  }
  return kills;
}
