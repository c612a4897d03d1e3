import type { Refusal } from './createGuard';
import type { AddressRule } from './specialRanges';

/**
 * A connection that the guard did not let happen. To try again helps only once the name resolves to something else, or
 * the allow-list has it.
 */
export class RefusedAddressError extends Error {
  readonly rule: AddressRule;
  /** The host of the URL. */
  readonly host: string;
  /** What it resolves to. For the operator's log; the message, which owners of endpoints see, does not name it. */
  readonly address: string;

  constructor(host: string, address: string, refusal: Refusal<AddressRule>) {
    super(`${refusal.reason} (rule: ${refusal.rule})`);
    this.name = 'RefusedAddressError';
    this.rule = refusal.rule;
    this.host = host;
    this.address = address;
  }
}
