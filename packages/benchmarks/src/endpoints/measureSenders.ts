import type { DatabaseKind } from '../databases/BenchmarkDatabase';
import type { MeasuringOptions } from '../MeasuringOptions';
import { Profiler } from '../portals/Profiler';
import { callboardSystem } from '../portals/systems';
import { BareSender } from '../senders/BareSender';
import type { Workbench } from '../Workbench';
import { drainBacklog, type SendingRate } from './drainBacklog';
import { sendBare } from './sendBare';
import {
  bareLoop,
  callboard,
  endpointGroups,
  sendingCases,
  type EndpointGroup,
  type SendingContestant,
} from './sendingCases';
import { planAmount, warmUp } from './warmUp';
import { toPath, withEndpoints, type Site } from './withEndpoints';

/** What the senders are given. */
export interface SendingLoad {
  /** Of each payload, as JSON. */
  bytes: number;
  /** The receiver verifies one of so many requests. */
  lookIntoOneOf: number;
}

type Note = (contestant: SendingContestant, value: SendingRate) => void;

/**
 * Measures Callboard and a bare loop in all cases, once, in turns. Both send to the same receiver, from a process each.
 *
 * @param note - told of each as soon as it is measured
 */
export async function measureSenders(
  workbench: Workbench,
  kind: DatabaseKind,
  load: SendingLoad,
  options: MeasuringOptions,
  note: Note,
): Promise<void> {
  const { bytes, lookIntoOneOf } = load;
  const endpoints = endpointGroups.flatMap(group => group.endpoints);
  const sender = await BareSender.start(workbench);
  try {
    await withEndpoints(
      workbench,
      { kind, endpoints, lookIntoOneOf },
      async site => {
        // All of them first: what is compiled for one serves the others.
        const expected = new Map<EndpointGroup, number>();
        for (const group of endpointGroups) {
          expected.set(
            group,
            await warmUp(site, createLoad(group, bytes), options.warmUpSeconds),
          );
        }
        for (const [group, eventsPerSecond] of expected) {
          await measureCallboard(
            site,
            { group, bytes, eventsPerSecond },
            options,
            note,
          );
          await measureBareLoop(site, sender, group, options, note);
        }
      },
    );
  } finally {
    await sender.end();
  }
}

async function measureCallboard(
  site: Site,
  load: { group: EndpointGroup; bytes: number; eventsPerSecond: number },
  { seconds, profileFolder }: MeasuringOptions,
  note: Note,
): Promise<void> {
  const { group, bytes } = load;
  const { concurrency, endpoints } = group;
  let { eventsPerSecond } = load;
  for (const one of sendingCases.filter(each => each.group === group.name)) {
    const profiler = profileFolder ? new Profiler(profileFolder) : undefined;
    await profiler?.start({ sender: site.portal }, callboardSystem);
    const value = await drainBacklog(
      site,
      {
        ...createLoad(group, bytes),
        run: one.name,
        amount: planAmount(eventsPerSecond, seconds),
      },
      one.meanwhile && { ...one.meanwhile, seconds },
    );
    await profiler?.stop({ sender: site.portal }, callboardSystem);
    note({ name: one.name, sender: callboard, concurrency }, value);
    eventsPerSecond = value.rate / endpoints.length;
  }
}

async function measureBareLoop(
  { receiver }: Site,
  sender: BareSender,
  { name, concurrency, endpoints }: EndpointGroup,
  { seconds, warmUpSeconds }: MeasuringOptions,
  note: Note,
): Promise<void> {
  const load = { paths: endpoints.map(toPath), concurrency };
  await sendBare(sender, receiver, { ...load, seconds: warmUpSeconds });
  const value = await sendBare(sender, receiver, { ...load, seconds });
  note({ name, sender: bareLoop, concurrency }, value);
}

const createLoad = ({ topic, endpoints }: EndpointGroup, bytes: number) => ({
  topic,
  bytes,
  paths: endpoints.map(toPath),
});
