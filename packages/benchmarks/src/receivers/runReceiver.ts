import { InputError } from '@backstage/errors';
import { tell } from '../messages';
import { takeOrders } from '../orders';
import { nowUs } from '../portals/clock';
import { listen } from './listen';
import type { ReceiverOrders } from './orders';
import { Requests } from './Requests';

/** Receives webhooks, as a service outside of the portal does, until its process is ended. */
function run(): void {
  let requests: Requests | undefined;
  const use = () => {
    if (!requests) {
      throw new InputError('The receiver does not listen yet');
    }
    return requests;
  };
  takeOrders<ReceiverOrders>({
    async listen(options) {
      requests = new Requests(options);
      return { url: await listen(requests) };
    },
    behave({ path, behaviour }) {
      use().behave(path, behaviour);
      return null;
    },
    hold() {
      use().hold();
      return null;
    },
    release() {
      const atUs = nowUs();
      use().release();
      return { atUs };
    },
    answered: ({ paths }) => use().readAnswered(paths),
    forget() {
      use().forget();
      return null;
    },
    sample: () => use().readSample(),
    tally: ({ path, run: name }) => use().tallies.read(path, name),
    latency: ({ path, run: name }) => use().tallies.readLatency(path, name),
  });
  // Nobody is left to end this process.
  process.once('disconnect', () => process.exit());
  tell({ kind: 'ready' });
}

run();
