import { openReplicas } from './__testUtils__/promises/openReplicas';
import { describeLongest, playMany } from './__testUtils__/promises/playMany';
import { createTestStores } from './__testUtils__/stores';

/** Set by `npm run test:soak`, which tells what they mean. */
const { env } = process;
const database = env.CALLBOARD_SOAK_DATABASE;
const runs = Number(env.CALLBOARD_SOAK_COUNT ?? 250);
const maxCommands = Number(env.CALLBOARD_SOAK_COMMANDS ?? 30);
/** The same each time, since nobody's test should fail by chance; the soak takes another each time. */
const seed = Number(env.CALLBOARD_SOAK_SEED ?? 1);
const path = env.CALLBOARD_SOAK_PATH || undefined;

/** A line now and then, where it takes long. */
const progressEvery = env.CALLBOARD_SOAK_COUNT ? 100 : Infinity;
const replicaCount = 3;
const msPerRun = 10_000;

const stores = createTestStores();

describe.each(
  stores.ids.filter(id => database === undefined || id === database),
)('the promises, on %s', storeId => {
  it(
    'are kept whatever happens side by side',
    async () => {
      const print = (line: string) =>
        process.stdout.write(`The promises on ${storeId}: ${line}\n`);
      const store = await stores.open(storeId);
      const replicas = await openReplicas(store, replicaCount);
      try {
        const longest = await playMany(
          store,
          replicas,
          { runs, maxCommands, seed, path, progressEvery },
          print,
        );
        print(describeLongest(longest));
      } finally {
        await replicas.destroy();
      }
    },
    60_000 + runs * msPerRun,
  );
});
