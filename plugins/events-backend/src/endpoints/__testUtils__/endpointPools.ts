import {
  endpointSettingsSchema,
  type EndpointSecrets,
  type EndpointSettings,
} from '@callboard/backstage-plugin-events-common';
import { newEventId } from '@callboard/backstage-plugin-events-node/bus';
import type { z } from 'zod';
import type { Store } from '../../database';
import { untilBlocked } from '../../__testUtils__/untilBlocked';
import {
  createKeyPair,
  createSecret,
  parseSigner,
} from '../../webhooks/signing';
import type { Endpoint, EndpointAttempt } from '../Endpoint';
import { EndpointPool } from '../EndpointPool';
import type { DeclaredEndpoint } from '../operations/changeDeclared';
import { SecretVault } from '../SecretVault';
import type { KeyMaker } from '../signingKeys';

export const owner = 'group:default/platform';
export const user = 'user:default/guest';

/** Keys as they are in life. */
export const keyMaker: KeyMaker = {
  create(version) {
    if (version === 'v1') {
      return { key: createSecret() };
    }
    const { privateKey, publicKey } = createKeyPair();
    return { key: privateKey, publicKey };
  },
  read: parseSigner,
};

/** Settings with every default. */
export function makeSettings(
  settings: Partial<z.input<typeof endpointSettingsSchema>> = {},
): EndpointSettings {
  return endpointSettingsSchema.parse({
    url: 'https://receiver.example.com/hook',
    topics: ['github.push'],
    owner,
    ...settings,
  });
}

/** An endpoint as the configuration declares it, with one key of `v1`. */
export function declare(
  id: string,
  declared: Partial<DeclaredEndpoint> = {},
): DeclaredEndpoint {
  return {
    id,
    settings: makeSettings(),
    signing: [{ version: 'v1' }],
    secretHeaders: [],
    ...declared,
  };
}

/** An attempt that went well. */
export function makeAttempt(
  attempt: Partial<EndpointAttempt> = {},
): EndpointAttempt {
  const eventId = newEventId();
  return {
    id: newEventId(),
    endpointId: 'e',
    messageId: eventId,
    eventId,
    position: 1,
    topic: 'github.push',
    number: 1,
    startedAtMs: 1_000,
    durationMs: 10,
    outcome: 'delivered',
    reason: 'Answered 200',
    status: 200,
    request: {
      url: 'https://receiver.example.com/hook',
      headers: { 'webhook-id': eventId },
      bytes: 2,
    },
    answer: {
      headers: { 'content-type': 'text/plain' },
      body: 'OK',
      cut: false,
    },
    ...attempt,
  };
}

/**
 * Locks a row, so that whoever is to change it meets the others there. On SQLite nobody comes in between anyway.
 *
 * @returns waits until so many statements wait for the lock, and lets them go on
 */
export async function holdUp(
  { knex, dialect }: Store,
  table: string,
  where: Record<string, string>,
): Promise<(count: number) => Promise<void>> {
  if (!dialect.shared) {
    return async () => {};
  }
  const holder = await knex.transaction();
  await holder(table).where(where).forUpdate();
  return async count => {
    await untilBlocked({ knex, dialect }, table, count);
    await holder.rollback();
  };
}

/** The pool over a store, and short words for what its callers do. */
export function createEndpointPool(
  store: Store,
  encryptionKeys: readonly string[] = ['a key that is long enough to be one'],
) {
  const unreadable: string[] = [];
  const pool = new EndpointPool({
    store,
    vault: new SecretVault(encryptionKeys),
    keys: keyMaker,
    onUnreadable: (id, error) => unreadable.push(`${id}: ${error}`),
  });
  return {
    store,
    pool,
    /** What the pool was told to pass over, and why. */
    unreadable,

    /** Makes an endpoint of the API. */
    async create(
      id: string,
      settings: Parameters<typeof makeSettings>[0] = {},
      secrets: EndpointSecrets = {},
    ): Promise<Endpoint> {
      const { endpoint } = await pool.create({
        id,
        managedBy: 'api',
        settings: makeSettings(settings),
        secrets,
        createdBy: user,
      });
      return endpoint;
    },

    /** Reads an endpoint that is there. */
    async read(id: string): Promise<Endpoint> {
      const endpoint = await pool.read(id);
      if (!endpoint) {
        throw new Error(`There is no endpoint '${id}'`);
      }
      return endpoint;
    },
  };
}
