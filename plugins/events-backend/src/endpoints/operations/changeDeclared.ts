import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { EndpointSettings } from '@callboard/backstage-plugin-events-common';
import type { Knex } from 'knex';
import type { SigningKey } from '../Endpoint';
import { readSigningKeys, type EndpointRow } from '../endpointRow';
import { nameDeclaredKeys, type KeyDescription } from '../signingKeys';
import { forgetHealth } from './forgetHealth';

/** An endpoint as the configuration declares it. Its secrets stay there. */
export interface DeclaredEndpoint {
  id: string;
  settings: EndpointSettings;
  /** What may be shown of its signing keys, newest first. */
  signing: readonly KeyDescription[];
  /** Names of headers whose values are secret. */
  secretHeaders: readonly string[];
}

/** Whether an endpoint of the configuration is as this process declares it. */
export function isAsDeclared(
  row: EndpointRow,
  endpoint: DeclaredEndpoint,
  nowMs: number,
): boolean {
  return findChange(row, endpoint, nowMs) === undefined;
}

/**
 * Makes an endpoint of the configuration what this process declares, and forgets its health then: it may work now.
 *
 * @param row - locked
 * @returns whether it had to be changed
 */
export async function changeDeclared(
  trx: Knex.Transaction,
  row: EndpointRow,
  endpoint: DeclaredEndpoint,
  nowMs: number,
): Promise<boolean> {
  const next = findChange(row, endpoint, nowMs);
  if (!next) {
    return false;
  }
  await trx('callboard_endpoints').where({ id: row.id }).update(next);
  await forgetHealth(trx, row.id);
  return true;
}

/** The columns of an endpoint as it is declared, with another revision; undefined when it is so. */
function findChange(
  row: EndpointRow,
  endpoint: DeclaredEndpoint,
  nowMs: number,
) {
  const next = describeDeclared(endpoint, readKeysBefore(row), nowMs);
  const isSame = (
    ['settings', 'signing_keys', 'secret_headers'] as const
  ).every(column => isSameJson(row[column], next[column]));
  return isSame ? undefined : next;
}

/** The columns that follow from what is declared. */
export function describeDeclared(
  { settings, signing, secretHeaders }: DeclaredEndpoint,
  keysBefore: readonly SigningKey[],
  nowMs: number,
) {
  return {
    settings: JSON.stringify(settings),
    signing_keys: JSON.stringify(nameDeclaredKeys(keysBefore, signing, nowMs)),
    secret_headers: JSON.stringify(secretHeaders),
    owner: settings.owner,
    revision: randomUUID(),
    updated_at: nowMs,
  } satisfies Partial<EndpointRow>;
}

/** Names of keys that another version wrote in another way are lost, which is no reason not to start. */
function readKeysBefore(row: EndpointRow): SigningKey[] {
  try {
    return readSigningKeys(row);
  } catch {
    return [];
  }
}

/** Whatever the order of fields: that of labels and headers is the order in which they were declared. */
function isSameJson(a: string, b: string): boolean {
  return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
}
