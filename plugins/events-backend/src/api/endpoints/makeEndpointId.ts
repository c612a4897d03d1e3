import { randomBytes } from 'node:crypto';

/** Makes the id of an endpoint that was given none: short enough to be read out, and met twice by nobody. */
export function makeEndpointId(): string {
  return randomBytes(6).toString('hex');
}
