import { tell } from '../messages';
import { takeOrders } from '../orders';
import type { SenderOrders } from './orders';
import { sendLoad } from './sendLoad';

takeOrders<SenderOrders>({
  async send(load) {
    const startMs = performance.now();
    const before = process.cpuUsage();
    const sent = await sendLoad(load);
    const { user, system } = process.cpuUsage(before);
    return {
      sent,
      seconds: (performance.now() - startMs) / 1e3,
      cpuMs: (user + system) / 1e3,
    };
  },
});
// Nobody is left to end this process.
process.once('disconnect', () => process.exit());
tell({ kind: 'ready' });
