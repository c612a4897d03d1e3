import { z } from 'zod';
import { createWorlds } from './__testUtils__/createWorlds';

const worlds = createWorlds();
const day = 86_400_000;

const healthSchema = z.object({
  breaker: z.object({ state: z.literal('open'), untilMs: z.number() }),
  spell: z.object({ firstMs: z.number() }),
});

describe.each(worlds.ids)('a process whose clock is wrong, on %s', storeId => {
  it('notes the health of an endpoint by the clock of the store all the same', async () => {
    const readTime = Date.now;
    const wrong = jest
      .spyOn(Date, 'now')
      .mockImplementation(() => readTime.call(Date) - 6 * day);
    worlds.endWith(async () => wrong.mockRestore());
    const { url } = await worlds.startReceiver({
      answer: { kind: 'answer', status: 503 },
    });
    const world = await worlds.startWorld(storeId);
    await world.create('e', url);
    await world.publish('a');
    await world.untilAttempts('e', 1);
    const kept = await world.endpoints.readHealth('e');
    const { breaker, spell } = healthSchema.parse(kept?.health);
    const nowMs = readTime.call(Date);
    expect(Math.abs(breaker.untilMs - nowMs)).toBeLessThan(60_000);
    expect(Math.abs(spell.firstMs - nowMs)).toBeLessThan(60_000);
  });
});
