import {
  eventsContract,
  type CatalogEntityChange,
  type CatalogLocationChange,
  type ScaffolderTaskChange,
  type TechDocsBuild,
} from '@callboard/backstage-plugin-events-common';
import { definePublishedChannel, type ContractChannel } from './defineChannel';
import { readSchema } from './readContract';

/** Makes a channel of one that stands in the published contract. */
function readChannel<TPayload>(
  channel: string,
  names: { payload: string; topic: string; knownBy?: string },
): ContractChannel<TPayload> {
  const { channels, components } = eventsContract;
  const { address, title = '', description = '', messages } = channels[channel];
  const [{ $ref }] = Object.values(messages);
  const message = $ref.slice('#/components/messages/'.length);
  return definePublishedChannel<TPayload>({
    channel,
    address,
    title,
    description,
    message: components.messages[message].name,
    topic: names.topic,
    payload: readSchema(names.payload),
    ...(names.knownBy !== undefined && { knownBy: names.knownBy }),
  });
}

/**
 * An entity of the catalog was created, updated or deleted. Its events have the reference of the entity as their key.
 *
 * @public
 */
export const catalogEntityChange = readChannel<CatalogEntityChange>(
  'catalogEntityChange',
  { topic: 'catalog', payload: 'CatalogEntityChange', knownBy: 'entity' },
);

/**
 * A location of the catalog was added, updated or removed.
 *
 * @public
 */
export const catalogLocationChange = readChannel<CatalogLocationChange>(
  'catalogLocationChange',
  { topic: 'catalog', payload: 'CatalogLocationChange', knownBy: 'location' },
);

/**
 * A task of the scaffolder changed its status. Its events have the id of the task as their key.
 *
 * @public
 */
export const scaffolderTaskComplete = readChannel<ScaffolderTaskChange>(
  'scaffolderTaskComplete',
  { topic: 'scaffolder', payload: 'ScaffolderTaskChange' },
);

/**
 * Documentation is being built, was built, or could not be built. Its events have the reference of the entity as their
 * key.
 *
 * @public
 */
export const techdocsBuild = readChannel<TechDocsBuild>('techdocsBuild', {
  topic: 'techdocs',
  payload: 'TechDocsBuild',
});

/**
 * The channels of the published contract, which every instance has.
 *
 * @public
 */
export const contractChannels: readonly ContractChannel<unknown>[] = [
  catalogEntityChange,
  catalogLocationChange,
  scaffolderTaskComplete,
  techdocsBuild,
];
