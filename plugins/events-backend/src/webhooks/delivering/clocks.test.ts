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

  it('does not sleep by the old time once its clock is set', async () => {
    const { receiver, url } = await worlds.startReceiver();
    const answers = [503, 200];
    receiver.answerWith(() => ({
      kind: 'answer',
      status: answers.shift() ?? 200,
      headers: { 'retry-after': '3600' },
    }));
    const world = await worlds.startWorld(storeId, {
      webhooks: { dueMs: 3_600_000 },
    });
    await world.create('e', url);
    await world.publish('a');
    const [{ startedAtMs }] = await world.untilAttempts('e', 1);
    await world.webhooks.lookForDue();
    await world.pools.passPauses();
    world.aheadMs = startedAtMs + 3_605_000 - Date.now();
    await world.webhooks.lookForDue();
    await receiver.waitFor(2);
    await world.untilSettled('e');
  });
});
