import type { Workbench } from '../Workbench';
import type { HandlerDescription, Load } from './orders';
import type { Profiler } from './Profiler';
import { withPortals, type PortalPair } from './withPortals';
import type { EventsSystem } from './systems';

/** One system, once. */
export interface Throughput {
  /** Different events that were handled, per second from the first `publish` to the last handler. */
  rate: number;
  published: number;
  lost: number;
  repeated: number;
  /** Processor time for each event, in milliseconds. */
  publisherCpuMs: number;
  readerCpuMs: number;
  p50Ms: number;
  p99Ms: number;
}

const handler: HandlerDescription = {
  id: 'reader',
  topics: ['bench'],
  behaviour: 'counts',
};

/**
 * Measures how many events go from one portal to another.
 *
 * 1. Subscribe, and publish until the handler hears something.
 * 2. Warm up until what is hot is compiled; see how fast `publish` is.
 * 3. Publish as many events as should take the wanted time, and wait until all are handled. A number, and not a time,
 *    ends the load, so that what is lost or repeated can be counted.
 *
 * @throws Error when a system that promises to lose nothing lost or repeated an event
 */
export async function measureThroughput(
  workbench: Workbench,
  system: EventsSystem,
  options: {
    load: Pick<Load, 'publishers' | 'bytes'>;
    seconds: number;
    warmUpSeconds: number;
    profiler?: Profiler;
  },
): Promise<Throughput> {
  return withPortals(workbench, system, async portals => {
    const { publisher, reader } = portals;
    const load = { ...options.load, topic: 'bench' };
    await reader.subscribe(handler);
    await publisher.publishUntilHeard(reader, handler.id, 'bench');
    const warmUp = await run(portals, {
      ...load,
      run: 'warm-up',
      seconds: options.warmUpSeconds,
    });
    await options.profiler?.start({ publisher, reader }, system);
    const before = await readCpuMs(portals);
    const measured = await run(portals, {
      ...load,
      run: 'measured',
      amount: Math.max(
        100,
        Math.ceil(warmUp.publishedPerSecond * options.seconds),
      ),
    });
    const after = await readCpuMs(portals);
    await options.profiler?.stop({ publisher, reader }, system);
    const { published, lost, repeated, rate } = measured;
    if (system.losesNothing && (lost > 0 || repeated > 0)) {
      throw new Error(
        `of ${published} events ${lost} were lost, and there were ${repeated} repetitions`,
      );
    }
    const latency = await reader.order('latency', {
      handler: handler.id,
      run: 'measured',
    });
    return {
      rate,
      published,
      lost,
      repeated,
      publisherCpuMs: (after.publisher - before.publisher) / published,
      readerCpuMs: (after.reader - before.reader) / published,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
    };
  });
}

async function run({ publisher, reader }: PortalPair, load: Load) {
  const { published, firstAtUs, lastAtUs } = await publisher.publish(load);
  const tally = await reader.waitUntilHandled(handler.id, load.run, published);
  return {
    published,
    publishedPerSecond: published / ((lastAtUs - firstAtUs) / 1e6),
    lost: published - tally.handled,
    repeated: tally.repeated,
    rate: tally.handled / ((tally.lastAtUs - firstAtUs) / 1e6),
  };
}

async function readCpuMs({ publisher, reader }: PortalPair) {
  const [ofPublisher, ofReader] = await Promise.all([
    publisher.order('usage', null),
    reader.order('usage', null),
  ]);
  return { publisher: ofPublisher.cpuMs, reader: ofReader.cpuMs };
}
